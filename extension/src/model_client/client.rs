//! A page's connection to the model store, reopened when it breaks.

use crate::protocol::models::{List, Listed, MODELS_PORT, ModelsEvent, ToModels};
use crate::protocol::{Call, Failure};
use crate::ui::connection::{Attempt, Connection, connect};
use crate::wire::Answered;
use futures::future::{Either, select};
use futures::lock::Mutex;
use gloo_timers::future::TimeoutFuture;
use std::pin::pin;
use std::rc::Rc;
use web_sys::Blob;

/// How long (milliseconds) a new connection may stay silent before it counts as dead.
const PATIENCE: u32 = 20_000;

/// What a page hears that answers no request of its own.
pub(crate) enum Heard {
    /// An event of the store.
    Event(ModelsEvent),
    /// The connection broke. Whoever waited for an answer has been told already.
    Lost,
}

/// See the module.
pub(crate) struct ModelClient {
    hear: Rc<dyn Fn(Heard)>,
    /// Held while connecting, so that two requests made at once share a connection.
    connection: Mutex<Option<Rc<Connection<ToModels>>>>,
}

impl ModelClient {
    /// A client that connects with its first request. `hear` gets what answers no request.
    pub(crate) fn new(hear: impl Fn(Heard) + 'static) -> Self {
        Self { hear: Rc::new(hear), connection: Mutex::new(None) }
    }

    /// Asks for all models, the storage that they take, and the user's settings.
    pub(crate) async fn list(&self) -> Result<Listed, Failure> {
        self.call(List, []).await.map(|(listed, [])| listed)
    }

    /// Asks the store. A request whose connection breaks before the answer is not repeated: the job that it asked for may be what broke the
    /// engine.
    pub(crate) async fn call<C: Call<Request = ToModels>>(&self, call: C, blobs: C::Blobs<Blob>) -> Answered<C> {
        let asked = async { self.connection().await?.caller.call(call, blobs).await };
        // The store lives in the engine and is lost with it.
        asked.await.map_err(|failure| if failure == Failure::EngineLost { Failure::StoreLost } else { failure })
    }

    async fn connection(&self) -> Result<Rc<Connection<ToModels>>, Failure> {
        let mut kept = self.connection.lock().await;
        if let Some(connection) = kept.as_ref().filter(|connection| connection.is_open()) {
            return Ok(Rc::clone(connection));
        }
        let (connection, ()) = connect(|| self.open(), greet).await?;
        *kept = Some(Rc::clone(&connection));
        Ok(connection)
    }

    fn open(&self) -> Result<Rc<Connection<ToModels>>, Failure> {
        let (hear, hear_last) = (Rc::clone(&self.hear), Rc::clone(&self.hear));
        let event = move |incoming: crate::wire::Incoming| {
            if let Ok(event) = incoming.body() {
                hear(Heard::Event(event));
            }
        };
        let lost = move |connection: &Connection<ToModels>| {
            if connection.has_heard() {
                hear_last(Heard::Lost);
            }
        };
        Connection::open(MODELS_PORT, event, lost)
    }
}

/// Asks for the list of models to see whether the store answers, and gives up after [`PATIENCE`].
async fn greet(connection: &Connection<ToModels>) -> Attempt<()> {
    let asking = pin!(connection.caller.call(List, []));
    match select(asking, pin!(TimeoutFuture::new(PATIENCE))).await {
        Either::Left((Err(Failure::EngineLost), _)) => Attempt::NotListening,
        // A store that answers with a failure is there. The next request gets that failure.
        Either::Left(_) => Attempt::Ready(()),
        Either::Right(_) => {
            connection.close();
            Attempt::Failed(Failure::EngineLost)
        }
    }
}
