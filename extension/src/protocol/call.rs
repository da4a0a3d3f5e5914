//! What a request promises: the type of its answer, and how many blobs travel either way.

use serde::{Serialize, de::DeserializeOwned};

/// A request of one channel.
///
/// Whoever sends it gets [`Call::Reply`] back and nothing else; whoever serves it can answer with nothing else.
pub trait Call: Clone + Into<Self::Request> {
    /// Every request of the channel, as the other side reads them.
    type Request: Serialize + DeserializeOwned;
    /// The blobs that travel with the request, where `B` is a blob.
    type Blobs<B>: TryFrom<Vec<B>> + Into<Vec<B>>;
    /// The answer.
    type Reply: Reply;
}

/// An answer to a [`Call`].
pub trait Reply: Serialize + DeserializeOwned {
    /// The blobs that travel with the answer, where `B` is a blob.
    type Blobs<B>: TryFrom<Vec<B>> + Into<Vec<B>>;
}

impl Reply for () {
    type Blobs<B> = [B; 0];
}

/// Declares the requests of a channel: the enum that the other side reads, and what each request promises.
///
/// One line a request: its type, the blobs that travel with it (`B` stands for a blob), the type of its answer. On the wire a
/// request is an object whose `call` is the name of its type in kebab case.
macro_rules! calls {
    (
        $(#[$meta:meta])*
        pub enum $requests:ident { $($call:ident with $blobs:ty => $reply:ty,)+ }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(tag = "call", rename_all = "kebab-case", deny_unknown_fields)]
        pub enum $requests {
            $(#[doc = concat!("See [`", stringify!($call), "`].")] $call($call),)+
        }

        #[cfg(test)]
        impl $requests {
            /// Each request, with how many blobs travel with it and with its answer.
            pub(crate) fn promised_blobs() -> Vec<String> {
                use $crate::protocol::call::{Call, Reply, accepted};
                vec![$({
                    let request = accepted::<<$call as Call>::Blobs<u8>>();
                    let reply = accepted::<<<$call as Call>::Reply as Reply>::Blobs<u8>>();
                    format!("{}: {request}, answered with {reply}", stringify!($call))
                }),+]
            }
        }

        $(
            impl From<$call> for $requests {
                fn from(call: $call) -> Self {
                    Self::$call(call)
                }
            }

            impl $crate::protocol::Call for $call {
                type Request = $requests;
                type Blobs<B> = $blobs;
                type Reply = $reply;
            }
        )+
    };
}

/// Declares how many blobs travel with each answer; `B` stands for a blob.
macro_rules! replies {
    ($($reply:ident with $blobs:ty,)+) => {
        $(
            impl $crate::protocol::Reply for $reply {
                type Blobs<B> = $blobs;
            }
        )+
    };
}

pub(super) use {calls, replies};

/// How many blobs a message may bring along, for people.
#[cfg(test)]
pub(super) fn accepted<B: TryFrom<Vec<u8>>>() -> String {
    const TRIED: usize = 4;
    let counts: Vec<usize> = (0..TRIED).filter(|count| B::try_from(vec![0; *count]).is_ok()).collect();
    match counts[..] {
        [0] => "no blob".into(),
        [1] => "one blob".into(),
        [count] => format!("{count} blobs"),
        _ if counts.len() == TRIED => "any number of blobs".into(),
        _ => panic!("{counts:?} blobs"),
    }
}
