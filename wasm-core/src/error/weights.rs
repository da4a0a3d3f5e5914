//! Errors in a model's weights.

/// A tensor whose shape is not the one that the model's configuration asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misshapen {
    /// Name in the state dict.
    pub name: String,
    /// Shape that the configuration asks for.
    pub expected: Vec<usize>,
    /// Shape in the file.
    pub found: Vec<usize>,
}

/// A way to store weights that is honest and that is not read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Storing {
    /// 8-bit floating point, whose scales lie outside of the tensor.
    Float8,
    /// Only the elements that are not zero, and their places.
    Sparse,
    /// Whole numbers, and scales that only their maker knows how to apply.
    Quantised,
    /// NumPy's arrays instead of PyTorch's tensors.
    Numpy,
    /// A class of tensors that a library has added to PyTorch's own.
    Subclass,
}

impl std::fmt::Display for Storing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Float8 => "8-bit floating-point numbers",
            Self::Sparse => "sparse tensors",
            Self::Quantised => "quantised tensors",
            Self::Numpy => "NumPy arrays",
            Self::Subclass => "tensors of a class of their own",
        })
    }
}

/// One cause each; every message is one sentence a person can act on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    /// Neither safetensors nor a PyTorch zip container.
    #[error("the model file is neither safetensors nor a current PyTorch file; download it again or choose another")]
    UnknownContainer,
    /// A container or element type that is recognised but not read here.
    #[error("the model file uses {0}, which is not supported; save it again as safetensors")]
    Unsupported(String),
    /// Weights that are stored in a way that is not read here, though nothing is wrong with it.
    #[error(
        "the model file stores {how} ({what}), which are not read; choose a file of ordinary 16-bit or 32-bit tensors"
    )]
    Foreign {
        /// How they are stored.
        how: Storing,
        /// What tells so: the name of a type, or of a function that would be called.
        what: String,
    },
    /// The same weight under two names that both stand for it.
    #[error("the model file holds one weight twice, as {0} and as {1}; choose another copy of it")]
    TwoNames(String, String),
    /// The file ends before what it promises.
    #[error("the model file is cut short ({0}); download it again")]
    Truncated(String),
    /// The file contradicts itself, or exceeds what a model of any use needs.
    #[error("the model file is damaged ({0}); download it again")]
    Damaged(String),
    /// The pickle asks for code to be run. Nothing was run.
    #[error("the model file asks to run code ({0}), which was refused; do not use this file")]
    Refused(String),
    /// Names or shapes do not fit the model's configuration.
    #[error("the model file does not fit this model: {}", summary(.missing, .extra, .misshapen))]
    Mismatch {
        /// Tensors that the configuration asks for and the file lacks.
        missing: Vec<String>,
        /// Tensors in the file that the configuration does not know.
        extra: Vec<String>,
        /// Tensors of another shape.
        misshapen: Vec<Misshapen>,
    },
    /// A weight is infinite or not a number.
    #[error("the weights hold a value that is not a finite number, in {0}; download the model again")]
    NotFinite(String),
    /// A weight is a finite number, but larger than 65504, the largest of 16 bits.
    #[error(
        "the weights hold a value beyond the range of 16-bit numbers, in {0}; choose a model that was made for 16 bits"
    )]
    BeyondF16(String),
    /// A pack whose constants another version of this program made, for kernels of its own.
    #[error("the model was prepared by another version of Rubout (layout {0}); prepare it again, or download it again")]
    OtherLayout(String),
    /// Packs, but not of the networks that are needed.
    #[error("the model's files are those of {0}, not of a U-Net and a VAE; choose others")]
    WrongNetworks(String),
    /// The bytes could not be fetched from where they are stored.
    #[error("the model file could not be read ({0}); try again")]
    Unreadable(String),
}

/// How many names a message spells out; the error itself holds all of them.
const NAMED: usize = 3;

fn summary(missing: &[String], extra: &[String], misshapen: &[Misshapen]) -> String {
    let list = |what: &str, names: Vec<String>| {
        let more = names.len().saturating_sub(NAMED);
        let named = names.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
        if more > 0 { format!("{what} {named} and {more} more") } else { format!("{what} {named}") }
    };
    let mut parts = vec![];
    if !missing.is_empty() {
        parts.push(list("it lacks", missing.to_vec()));
    }
    if !extra.is_empty() {
        parts.push(list("it has the unknown", extra.to_vec()));
    }
    if !misshapen.is_empty() {
        let shape = |m: &Misshapen| format!("{} {:?} where {:?} is needed", m.name, m.found, m.expected);
        parts.push(list("it has", misshapen.iter().map(shape).collect()));
    }
    parts.join("; ")
}
