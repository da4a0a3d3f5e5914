//! What is known about models without asking anybody: the catalogue, the hub's addresses and answers, and what is written
//! down about each file. Pure, and tested natively; `engine_host/model_store` does the asking and the storing.

pub mod catalogue;
pub mod hub;
pub mod ranges;
pub mod record;
