//! What is known about models without asking anybody. Pure, and tested natively; `engine_host/model_store` does the asking and the
//! storing.
//!
//! [`catalogue`] lists the models that are offered, [`hub`] knows the hub's addresses and answers, [`record`] is what is written down
//! about each file, [`wanted`] decides what has to be done for a file to be installed, [`ranges`] shares the missing bytes among
//! connections, [`meter`] says how fast a job is.

pub mod catalogue;
pub mod hub;
pub mod meter;
pub mod ranges;
pub mod record;
pub mod wanted;
