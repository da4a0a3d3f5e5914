//! What can be decided about models without the network and the disk. Pure, and tested natively; `engine_host/model_store` downloads and
//! stores.
//!
//! [`listing`] is what is known about a file beforehand, [`catalogue`] lists the models that are offered, [`hub`] builds the hub's addresses and reads its answers, [`record`] is what is written down
//! about each file, [`leftovers`] are files without a record, [`wanted`] decides what has to be done for a file to be installed, [`ranges`] divides the missing bytes among
//! connections, [`meter`] measures how fast a job is.

pub mod catalogue;
pub mod hub;
pub mod leftovers;
pub mod listing;
pub mod meter;
pub mod ranges;
pub mod record;
pub mod wanted;
