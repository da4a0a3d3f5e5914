//! Asks the engine for one thing, which needs no picture of its own there.

use crate::protocol::engine::{ENGINE_PORT, ToEngine};
use crate::protocol::{Call, Failure};
use crate::ui::connection::{Attempt, Connection, connect};
use crate::wire::Answered;
use web_sys::Blob;

/// Asks it, over a connection for this one question.
pub(super) async fn ask<C>(call: C, blobs: C::Blobs<Blob>) -> Answered<C>
where
    C: Call<Request = ToEngine> + Clone,
    C::Blobs<Blob>: Clone,
{
    let greet =
        async |connection: &Connection<ToEngine>| match connection.caller.call(call.clone(), blobs.clone()).await {
            Ok(answer) => Attempt::Ready(answer),
            Err(Failure::EngineLost) if !connection.has_heard() => Attempt::NotListening,
            Err(failure) => Attempt::Failed(failure),
        };
    let (connection, answer) = connect(|| Connection::open(ENGINE_PORT, |_| {}, |_| {}), greet).await?;
    connection.close();
    Ok(answer)
}
