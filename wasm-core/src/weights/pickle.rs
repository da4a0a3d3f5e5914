//! The directory of PyTorch's container: a pickle, read without running anything.
//!
//! A pickle is a program for a stack machine that can call any function of Python. This machine knows only the
//! instructions that build plain data, and only the functions that a state dict needs: `OrderedDict`, those that
//! rebuild tensors, and the types of storages. It does not call them, but notes what they would return. Any other
//! instruction or function is an error, even one without effect.
//!
//! All values are in one list and refer to each other by index. A value may therefore contain itself or be nested to
//! any depth: no code here recurses into values, neither to read nor to free them. Every instruction adds at most one
//! value, and a collection holds only what was pushed for it, so that the memory used is a small multiple of the
//! pickle's length.

use super::source::{Dtype, MAX_DIMENSIONS, MAX_TENSORS, check_name, damaged, foreign, quoted, unsupported};
use crate::{Error, Result, Storing, WeightsError};
use std::collections::HashMap;

/// Longest pickle: 200 bytes for each of [`MAX_TENSORS`].
pub(super) const MAX_PICKLE_BYTES: u64 = 13 << 20;
/// Most values, and most entries of the stack. A tensor takes about a dozen values.
const MAX_VALUES: usize = 1 << 20;
/// Longest name of a module or function.
const MAX_LINE_BYTES: usize = 1 << 10;

/// A file of elements in the container.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Storage<'a> {
    pub(super) dtype: Dtype,
    /// Name of the file.
    pub(super) key: &'a str,
    /// How many elements it has.
    pub(super) length: u64,
}

/// A view of a storage. It has not been checked yet that the view lies inside the storage.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tensor<'a> {
    pub(super) storage: Storage<'a>,
    /// The first element, in elements.
    pub(super) offset: u64,
    pub(super) shape: Vec<usize>,
    /// For each dimension, the distance between neighbours, in elements.
    pub(super) strides: Vec<usize>,
}

/// Reads a dictionary of tensors, in its order; names may occur twice. A dictionary with other values is refused: it is
/// something else that PyTorch can save, such as a checkpoint of a training.
pub(super) fn read(pickle: &[u8]) -> Result<Vec<(&str, Tensor<'_>)>> {
    let mut machine = Machine { rest: pickle, values: vec![], stack: vec![], marks: vec![], memo: HashMap::new() };
    while machine.step()? {}
    machine.tensors()
}

/// Index of a value in the list.
type Place = usize;

enum Value<'a> {
    /// A value that is never read: None, a truth value or a floating-point number.
    Plain,
    /// A list. Its items are never read.
    List,
    Int(i64),
    Text(&'a str),
    Tuple(Vec<Place>),
    Dict(Vec<(Place, Place)>),
    Function(Function),
    Storage(Storage<'a>),
    /// The arguments of the function that rebuilds it.
    Tensor(Place),
}

#[derive(Clone, Copy)]
enum Function {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    /// Rebuilds tensors of the types that came after the typed storages, such as 8-bit floats.
    RebuildUntyped,
    /// The type of a storage; pickles only name it.
    StorageType(Dtype),
    /// A storage of bytes. Each tensor in it names the type of its elements.
    UntypedStorage,
}

struct Machine<'a> {
    rest: &'a [u8],
    values: Vec<Value<'a>>,
    stack: Vec<Place>,
    /// The height of the stack at each mark. Instructions cannot pop below the last one.
    marks: Vec<usize>,
    memo: HashMap<u32, Place>,
}

impl<'a> Machine<'a> {
    /// Executes one instruction. False after the last one.
    fn step(&mut self) -> Result<bool> {
        match self.byte()? {
            opcode::PROTO => match self.byte()? {
                2..=5 => {}
                other => return Err(unsupported(format!("a pickle of protocol {other}"))),
            },
            // Announces how many bytes follow, which nothing here needs to know.
            opcode::FRAME => {
                self.bytes(8)?;
            }
            opcode::STOP => return Ok(false),
            opcode::MARK => {
                self.room(self.marks.len())?;
                self.marks.push(self.stack.len());
            }
            opcode::NONE | opcode::NEWTRUE | opcode::NEWFALSE => self.push(Value::Plain)?,
            opcode::BINFLOAT => {
                self.bytes(8)?;
                self.push(Value::Plain)?;
            }
            opcode::BININT1 => {
                let value = self.byte()?;
                self.push(Value::Int(value.into()))?;
            }
            opcode::BININT2 => {
                let value = u16::from_le_bytes(self.array()?);
                self.push(Value::Int(value.into()))?;
            }
            opcode::BININT => {
                let value = i32::from_le_bytes(self.array()?);
                self.push(Value::Int(value.into()))?;
            }
            opcode::LONG1 => {
                let length = self.byte()?;
                let value = long(self.bytes(length.into())?)?;
                self.push(Value::Int(value))?;
            }
            opcode::BINUNICODE => {
                let length = u32::from_le_bytes(self.array()?);
                self.text(length as usize)?;
            }
            opcode::SHORT_BINUNICODE => {
                let length = self.byte()?;
                self.text(length.into())?;
            }
            opcode::EMPTY_TUPLE => self.push(Value::Tuple(vec![]))?,
            opcode::TUPLE1 => self.tuple(1)?,
            opcode::TUPLE2 => self.tuple(2)?,
            opcode::TUPLE3 => self.tuple(3)?,
            opcode::TUPLE => {
                let items = self.marked()?;
                self.push(Value::Tuple(items))?;
            }
            opcode::EMPTY_LIST => self.push(Value::List)?,
            opcode::APPEND => {
                self.pop()?;
                self.append()?;
            }
            opcode::APPENDS => {
                self.marked()?;
                self.append()?;
            }
            opcode::EMPTY_DICT => self.push(Value::Dict(vec![]))?,
            opcode::SETITEM => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.set(&[key, value])?;
            }
            opcode::SETITEMS => {
                let items = self.marked()?;
                self.set(&items)?;
            }
            opcode::BINPUT => {
                let key = self.byte()?;
                self.put(key.into())?;
            }
            opcode::LONG_BINPUT => {
                let key = u32::from_le_bytes(self.array()?);
                self.put(key)?;
            }
            // There are fewer values than 2^32.
            opcode::MEMOIZE => self.put(self.memo.len() as u32)?,
            opcode::BINGET => {
                let key = self.byte()?;
                self.get(key.into())?;
            }
            opcode::LONG_BINGET => {
                let key = u32::from_le_bytes(self.array()?);
                self.get(key)?;
            }
            opcode::GLOBAL => {
                let (module, name) = (self.line()?, self.line()?);
                self.push(Value::Function(function(module, name)?))?;
            }
            opcode::STACK_GLOBAL => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (Value::Text(module), Value::Text(name)) = (&self.values[module], &self.values[name]) else {
                    return Err(damaged("a function's name is no text"));
                };
                let function = function(module, name)?;
                self.push(Value::Function(function))?;
            }
            opcode::BINPERSID => self.storage()?,
            opcode::REDUCE => self.reduce()?,
            // Sets attributes of an OrderedDict, such as the versions of modules. On other objects it would call a method.
            opcode::BUILD => {
                self.pop()?;
                if !matches!(self.values[self.top()?], Value::Dict(_)) {
                    return Err(refused("an object's state is set"));
                }
            }
            code @ (opcode::NEWOBJ | opcode::NEWOBJ_EX | opcode::INST | opcode::OBJ) => {
                return Err(refused(&format!("an object is made by the instruction {code:#04x}")));
            }
            code @ opcode::EXT1..=opcode::EXT4 => {
                return Err(refused(&format!("the registered function of the instruction {code:#04x}")));
            }
            code => return Err(damaged(format!("its pickle has the instruction {code:#04x}"))),
        }
        Ok(true)
    }

    /// The dictionary that is left on the stack at the end.
    fn tensors(mut self) -> Result<Vec<(&'a str, Tensor<'a>)>> {
        let root = self.pop()?;
        if !(self.rest.is_empty() && self.stack.is_empty() && self.marks.is_empty()) {
            return Err(damaged("its pickle goes on after the end"));
        }
        let Value::Dict(items) = &self.values[root] else {
            return Err(unsupported("something other than a dictionary of tensors"));
        };
        // Each tensor may take the memory of the longest shape, however short it is in the file.
        if items.len() > MAX_TENSORS {
            return Err(damaged(format!("it holds {} tensors", items.len())));
        }
        let tensor = |(key, value): &(Place, Place)| {
            let Value::Text(name) = self.values[*key] else {
                return Err(unsupported("a dictionary whose keys are not names"));
            };
            // A long name could be recalled from the memo for every entry, and would be copied for each.
            check_name(name)?;
            let Value::Tensor(arguments) = self.values[*value] else {
                return Err(unsupported(format!("an entry that is no tensor ({})", quoted(name))));
            };
            Ok((name, self.tensor(name, arguments)?))
        };
        items.iter().map(tensor).collect()
    }

    /// The tensor that `_rebuild_tensor_v2` would return for these arguments: storage, offset, shape, strides,
    /// `requires_grad`, hooks, and in newer files metadata.
    fn tensor(&self, name: &str, arguments: Place) -> Result<Tensor<'a>> {
        let wrong = || damaged(format!("the entry for {} is not one", quoted(name)));
        let Value::Tuple(arguments) = &self.values[arguments] else { return Err(wrong()) };
        let [storage, offset, shape, strides, _, hooks, metadata @ ..] = arguments.as_slice() else {
            return Err(wrong());
        };
        let Value::Storage(storage) = self.values[*storage] else { return Err(wrong()) };
        let Value::Int(offset) = self.values[*offset] else { return Err(wrong()) };
        let empty = |place: &Place| match &self.values[*place] {
            Value::Plain => true,
            Value::Dict(items) => items.is_empty(),
            _ => false,
        };
        if metadata.len() > 1 || !empty(hooks) {
            return Err(wrong());
        }
        // Metadata could say that the values are to be negated.
        if !metadata.iter().all(empty) {
            return Err(unsupported(format!("metadata of a tensor, {}", quoted(name))));
        }
        let lengths = |place: Place| -> Option<Vec<usize>> {
            let Value::Tuple(items) = &self.values[place] else { return None };
            let length = |item: &Place| match self.values[*item] {
                Value::Int(length) => usize::try_from(length).ok(),
                _ => None,
            };
            if items.len() > MAX_DIMENSIONS { None } else { items.iter().map(length).collect() }
        };
        let (Ok(offset), Some(shape), Some(strides)) = (u64::try_from(offset), lengths(*shape), lengths(*strides))
        else {
            return Err(wrong());
        };
        if shape.len() != strides.len() {
            return Err(wrong());
        }
        Ok(Tensor { storage, offset, shape, strides })
    }

    /// Replaces a function and its arguments by the value that it would return.
    fn reduce(&mut self) -> Result<()> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let (Value::Function(function), Value::Tuple(items)) = (&self.values[function], &self.values[arguments]) else {
            return Err(damaged("what is called in its pickle is no function"));
        };
        match (function, items.as_slice()) {
            (Function::OrderedDict, []) => self.push(Value::Dict(vec![])),
            // The arguments are checked at the end, if the tensor is one of the dictionary's.
            (Function::RebuildTensor, _) => self.push(Value::Tensor(arguments)),
            // Arguments: the tensor, `requires_grad`, hooks.
            (Function::RebuildParameter, &[tensor, _, _]) if matches!(self.values[tensor], Value::Tensor(_)) => {
                self.stack.push(tensor);
                Ok(())
            }
            // The type is among the arguments, which have been read. None that is supported is rebuilt by this function.
            (Function::RebuildUntyped, _) => Err(unsupported("tensors in storages without a type")),
            _ => Err(damaged("a function in its pickle has the wrong arguments")),
        }
    }

    /// Replaces a reference to something outside of the pickle (a "persistent id"). It can only be a storage: `"storage"`, its
    /// type, its key, its device, its length.
    fn storage(&mut self) -> Result<()> {
        let wrong = || damaged("a reference in its pickle is none to a storage");
        let reference = self.pop()?;
        let Value::Tuple(items) = &self.values[reference] else { return Err(wrong()) };
        let &[kind, dtype, key, _, length] = items.as_slice() else { return Err(wrong()) };
        let [kind, dtype, key, length] = [kind, dtype, key, length].map(|place| &self.values[place]);
        if matches!((kind, dtype), (Value::Text("storage"), Value::Function(Function::UntypedStorage))) {
            return self.push(Value::Plain);
        }
        let (
            Value::Text("storage"),
            Value::Function(Function::StorageType(dtype)),
            Value::Text(key),
            Value::Int(length),
        ) = (kind, dtype, key, length)
        else {
            return Err(wrong());
        };
        let length = u64::try_from(*length).map_err(|_| wrong())?;
        let storage = Storage { dtype: *dtype, key, length };
        self.push(Value::Storage(storage))
    }

    fn push(&mut self, value: Value<'a>) -> Result<()> {
        self.room(self.values.len())?;
        self.room(self.stack.len())?;
        self.stack.push(self.values.len());
        self.values.push(value);
        Ok(())
    }

    fn pop(&mut self) -> Result<Place> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    fn top(&self) -> Result<Place> {
        let floor = self.marks.last().copied().unwrap_or(0);
        self.stack
            .get(floor..)
            .and_then(|reachable| reachable.last())
            .copied()
            .ok_or_else(|| damaged("its pickle takes more than it has"))
    }

    /// Takes everything above the last mark, and the mark.
    fn marked(&mut self) -> Result<Vec<Place>> {
        let height = self.marks.pop().ok_or_else(|| damaged("its pickle takes more than it has"))?;
        Ok(self.stack.split_off(height))
    }

    fn tuple(&mut self, length: usize) -> Result<()> {
        let mut items = vec![0; length];
        for item in items.iter_mut().rev() {
            *item = self.pop()?;
        }
        self.push(Value::Tuple(items))
    }

    fn append(&self) -> Result<()> {
        match self.values[self.top()?] {
            Value::List => Ok(()),
            _ => Err(damaged("its pickle appends to what is no list")),
        }
    }

    /// Adds keys and values, one after the other, to the dictionary on top.
    fn set(&mut self, items: &[Place]) -> Result<()> {
        let top = self.top()?;
        match (&mut self.values[top], items.as_chunks()) {
            (Value::Dict(dict), (pairs, [])) => dict.extend(pairs.iter().map(|[key, value]| (*key, *value))),
            _ => return Err(damaged("its pickle sets an item of what is no dictionary")),
        }
        Ok(())
    }

    fn put(&mut self, key: u32) -> Result<()> {
        self.room(self.memo.len())?;
        self.memo.insert(key, self.top()?);
        Ok(())
    }

    fn get(&mut self, key: u32) -> Result<()> {
        let place = *self.memo.get(&key).ok_or_else(|| damaged("its pickle recalls what it has not stored"))?;
        self.room(self.stack.len())?;
        self.stack.push(place);
        Ok(())
    }

    fn text(&mut self, length: usize) -> Result<()> {
        let text =
            std::str::from_utf8(self.bytes(length)?).map_err(|_| damaged("a text in its pickle is not UTF-8"))?;
        self.push(Value::Text(text))
    }

    fn line(&mut self) -> Result<&'a str> {
        let end = self.rest.iter().take(MAX_LINE_BYTES).position(|byte| *byte == b'\n');
        let line = self.bytes(end.ok_or_else(|| damaged("a function's name in its pickle has no end"))?)?;
        self.byte()?;
        std::str::from_utf8(line).map_err(|_| damaged("a function's name in its pickle is not UTF-8"))
    }

    fn bytes(&mut self, length: usize) -> Result<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or_else(|| damaged("its pickle is cut short"))?;
        self.rest = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or_else(|| damaged("its pickle is cut short"))?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn byte(&mut self) -> Result<u8> {
        self.array().map(|[byte]| byte)
    }

    /// Fails if a collection of `count` items is full.
    fn room(&self, count: usize) -> Result<()> {
        if count < MAX_VALUES { Ok(()) } else { Err(damaged("its pickle holds too much")) }
    }
}

/// The function of this name, if a state dict needs it.
fn function(module: &str, name: &str) -> Result<Function> {
    Ok(match (module, name) {
        ("collections", "OrderedDict") => Function::OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2") => Function::RebuildTensor,
        ("torch._utils", "_rebuild_tensor_v3") => Function::RebuildUntyped,
        ("torch.storage", "UntypedStorage") => Function::UntypedStorage,
        ("torch._utils", "_rebuild_parameter") => Function::RebuildParameter,
        ("torch", "FloatStorage") => Function::StorageType(Dtype::F32),
        ("torch", "HalfStorage") => Function::StorageType(Dtype::F16),
        ("torch", "BFloat16Storage") => Function::StorageType(Dtype::BF16),
        ("torch", "LongStorage") => Function::StorageType(Dtype::I64),
        _ => return Err(not_called(module, name)),
    })
}

/// The error for a function that a state dict does not need. Some functions of PyTorch and NumPy belong to other ways to store
/// weights: a file with these is harmless, and the error names the way. Any other function is refused as code.
fn not_called(module: &str, name: &str) -> Error {
    let known = match (module, name) {
        ("torch", other) if other.starts_with("float8_") || other.starts_with("Float8_") => Some(Storing::Float8),
        ("torch", "QInt8Storage" | "QInt32Storage" | "QUInt8Storage" | "QUInt4x2Storage" | "QUInt2x4Storage") => {
            Some(Storing::Quantised)
        }
        (
            "torch",
            "qint8" | "qint32" | "quint8" | "quint4x2" | "quint2x4" | "per_tensor_affine" | "per_channel_affine",
        )
        | ("torch._utils", "_rebuild_qtensor") => Some(Storing::Quantised),
        ("torch._utils", "_rebuild_sparse_tensor" | "_rebuild_sparse_csr_tensor") => Some(Storing::Sparse),
        ("torch._utils", "_rebuild_wrapper_subclass" | "_rebuild_parameter_with_state")
        | ("torch._tensor", "_rebuild_from_type" | "_rebuild_from_type_v2") => Some(Storing::Subclass),
        (
            "numpy.core.multiarray" | "numpy._core.multiarray" | "numpy.core.numeric" | "numpy._core.numeric",
            "_reconstruct" | "scalar" | "_frombuffer",
        )
        | ("numpy", "ndarray" | "dtype")
        | ("torch._utils", "_rebuild_device_tensor_from_numpy") => Some(Storing::Numpy),
        _ => None,
    };
    let named = format!("{}.{}", quoted(module), quoted(name));
    match (known, module) {
        (Some(how), _) => foreign(how, named),
        (None, "torch") if name.ends_with("Storage") || ELEMENT_TYPES.contains(&name) => {
            unsupported(format!("elements of type {named}"))
        }
        _ => refused(&format!("{} {}", quoted(module), quoted(name))),
    }
}

/// Types of elements that PyTorch names beside untyped storages and that are not supported.
const ELEMENT_TYPES: [&str; 3] = ["uint16", "uint32", "uint64"];

/// A whole number in two's complement.
fn long(bytes: &[u8]) -> Result<i64> {
    let fill = if bytes.last().is_some_and(|byte| *byte >= 0x80) { 0xFF } else { 0 };
    let mut wide = [fill; 8];
    wide.get_mut(..bytes.len()).ok_or_else(|| damaged("a number in its pickle is too large"))?.copy_from_slice(bytes);
    Ok(i64::from_le_bytes(wide))
}

fn refused(what: &str) -> Error {
    WeightsError::Refused(what.to_owned()).into()
}

/// Instructions, by the names that Python's `pickletools` has for them.
mod opcode {
    pub(super) const MARK: u8 = b'(';
    pub(super) const EMPTY_TUPLE: u8 = b')';
    pub(super) const STOP: u8 = b'.';
    pub(super) const BINFLOAT: u8 = b'G';
    pub(super) const BININT: u8 = b'J';
    pub(super) const BININT1: u8 = b'K';
    pub(super) const BININT2: u8 = b'M';
    pub(super) const NONE: u8 = b'N';
    pub(super) const BINPERSID: u8 = b'Q';
    pub(super) const REDUCE: u8 = b'R';
    pub(super) const BINUNICODE: u8 = b'X';
    pub(super) const EMPTY_LIST: u8 = b']';
    pub(super) const APPEND: u8 = b'a';
    pub(super) const BUILD: u8 = b'b';
    pub(super) const GLOBAL: u8 = b'c';
    pub(super) const APPENDS: u8 = b'e';
    pub(super) const BINGET: u8 = b'h';
    pub(super) const INST: u8 = b'i';
    pub(super) const LONG_BINGET: u8 = b'j';
    pub(super) const OBJ: u8 = b'o';
    pub(super) const BINPUT: u8 = b'q';
    pub(super) const LONG_BINPUT: u8 = b'r';
    pub(super) const SETITEM: u8 = b's';
    pub(super) const TUPLE: u8 = b't';
    pub(super) const SETITEMS: u8 = b'u';
    pub(super) const EMPTY_DICT: u8 = b'}';
    pub(super) const PROTO: u8 = 0x80;
    pub(super) const NEWOBJ: u8 = 0x81;
    pub(super) const EXT1: u8 = 0x82;
    pub(super) const EXT4: u8 = 0x84;
    pub(super) const TUPLE1: u8 = 0x85;
    pub(super) const TUPLE2: u8 = 0x86;
    pub(super) const TUPLE3: u8 = 0x87;
    pub(super) const NEWTRUE: u8 = 0x88;
    pub(super) const NEWFALSE: u8 = 0x89;
    pub(super) const LONG1: u8 = 0x8A;
    pub(super) const SHORT_BINUNICODE: u8 = 0x8C;
    pub(super) const NEWOBJ_EX: u8 = 0x92;
    pub(super) const STACK_GLOBAL: u8 = 0x93;
    pub(super) const MEMOIZE: u8 = 0x94;
    pub(super) const FRAME: u8 = 0x95;
}

#[cfg(test)]
mod tests {
    use super::super::tests::{dict, entry, global, number, text, tuple};
    use super::*;

    fn complaint(pickle: &[u8]) -> WeightsError {
        match read(pickle) {
            Err(Error::Weights(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    fn is_damaged(pickle: &[u8]) -> bool {
        matches!(complaint(pickle), WeightsError::Damaged(_))
    }

    #[test]
    fn a_tensor_is_read_with_its_view() {
        let pickle = dict(&[entry("a", "FloatStorage", "7", 24, 2, &[4, 2], &[6, 1])]);
        let storage = Storage { dtype: Dtype::F32, key: "7", length: 24 };
        let tensor = Tensor { storage, offset: 2, shape: vec![4, 2], strides: vec![6, 1] };
        assert_eq!(read(&pickle).unwrap(), [("a", tensor)]);
    }

    #[test]
    fn the_fourth_protocol_is_read_too() {
        let mut pickle = vec![opcode::PROTO, 4, opcode::FRAME, 0, 0, 0, 0, 0, 0, 0, 0];
        let short =
            |text: &str| [&[opcode::SHORT_BINUNICODE, text.len() as u8], text.as_bytes(), &[opcode::MEMOIZE]].concat();
        let global = |module, name| [short(module), short(name), vec![opcode::STACK_GLOBAL, opcode::MEMOIZE]].concat();
        pickle.extend([opcode::EMPTY_DICT, opcode::MEMOIZE]);
        pickle.extend(
            [short("a"), global("torch._utils", "_rebuild_tensor_v2"), vec![opcode::MARK, opcode::MARK]].concat(),
        );
        pickle.extend([short("storage"), global("torch", "HalfStorage"), short("0"), short("cpu"), number(1)].concat());
        pickle.extend([opcode::TUPLE, opcode::MEMOIZE, opcode::BINPERSID]);
        pickle.extend([number(0), vec![opcode::EMPTY_TUPLE, opcode::EMPTY_TUPLE, opcode::NEWFALSE]].concat());
        pickle.extend([global("collections", "OrderedDict"), vec![opcode::EMPTY_TUPLE, opcode::REDUCE]].concat());
        pickle.extend([opcode::TUPLE, opcode::REDUCE, opcode::SETITEM, opcode::STOP]);
        assert_eq!(read(&pickle).unwrap()[0].1.storage.dtype, Dtype::F16);
        // Recalls the text "a" by its number, the second one.
        let at = pickle.len() - 2;
        pickle.splice(at + 1..at + 1, [opcode::BINGET, 1, opcode::NONE, opcode::SETITEM]);
        assert_eq!(complaint(&pickle), WeightsError::Unsupported("an entry that is no tensor (a)".into()));
    }

    #[test]
    fn functions_outside_of_the_list_are_refused_by_name_even_when_nobody_calls_them() {
        for (module, name) in [
            ("__builtin__", "print"),
            ("builtins", "eval"),
            ("os", "system"),
            ("torch", "load"),
            ("torch._utils", "_rebuild_tensor_v4"),
            ("collections", "OrderedDict.fromkeys"),
            ("torch.storage", "FloatStorage"),
            ("torch", "float8"),
            ("numpy", "load"),
            ("numpy.core.multiarray", "fromfile"),
            ("torch._tensor", "_rebuild_from_type_v3"),
            ("torch._utils", "_rebuild_qtensor.__class__"),
        ] {
            let pickle = [vec![opcode::PROTO, 2], global(module, name), b"0}.".to_vec()].concat();
            let expected = WeightsError::Refused(format!("{module} {name}"));
            assert_eq!(complaint(&pickle), expected);
            let stacked = [vec![opcode::PROTO, 4], text(module), text(name), vec![opcode::STACK_GLOBAL]].concat();
            assert_eq!(complaint(&stacked), expected);
        }
    }

    #[test]
    fn a_refusal_shows_no_more_than_fits_and_nothing_that_steers_a_terminal() {
        let name = "\u{1b}[31m\u{202e}x".repeat(100);
        let WeightsError::Refused(shown) = complaint(&global("os", &name)) else { panic!() };
        assert!(shown.len() < 2000 && shown.chars().all(|c| (' '..='~').contains(&c)), "{shown}");
    }

    #[test]
    fn instructions_that_make_objects_are_refused() {
        for code in [opcode::NEWOBJ, opcode::NEWOBJ_EX, opcode::INST, opcode::OBJ, 0x82, 0x83, 0x84] {
            let pickle = [global("collections", "OrderedDict"), vec![opcode::EMPTY_TUPLE, code, 1, 0, 0, 0]].concat();
            assert!(matches!(complaint(&pickle), WeightsError::Refused(_)), "{code:#04x}");
        }
        let pickle = [global("collections", "OrderedDict"), b"}b".to_vec()].concat();
        assert!(matches!(complaint(&pickle), WeightsError::Refused(_)));
    }

    #[test]
    fn all_other_instructions_end_the_reading() {
        for code in (0..=255u8).filter(|code| *code != opcode::BUILD) {
            assert!(read(&[code]).is_err(), "{code:#04x}");
            assert!(read(&[b'}', b'}', code, b'.']).is_err(), "{code:#04x}");
        }
    }

    #[test]
    fn storages_of_other_types_are_unsupported_and_not_suspicious() {
        let found = complaint(&global("torch", "DoubleStorage"));
        assert!(matches!(&found, WeightsError::Unsupported(what) if what.contains("DoubleStorage")), "{found:?}");
    }

    #[test]
    fn honest_files_that_are_not_read_are_told_apart_from_code() {
        for (module, name, expected) in [
            ("torch", "Float8_e4m3fnStorage", Storing::Float8),
            ("torch", "float8_e5m2", Storing::Float8),
            ("torch._utils", "_rebuild_sparse_tensor", Storing::Sparse),
            ("torch._utils", "_rebuild_sparse_csr_tensor", Storing::Sparse),
            ("torch._utils", "_rebuild_qtensor", Storing::Quantised),
            ("torch", "QInt8Storage", Storing::Quantised),
            ("torch", "quint8", Storing::Quantised),
            ("torch._utils", "_rebuild_wrapper_subclass", Storing::Subclass),
            ("torch._utils", "_rebuild_parameter_with_state", Storing::Subclass),
            ("torch._tensor", "_rebuild_from_type_v2", Storing::Subclass),
            ("numpy.core.multiarray", "_reconstruct", Storing::Numpy),
            ("numpy._core.multiarray", "_reconstruct", Storing::Numpy),
            ("numpy", "ndarray", Storing::Numpy),
        ] {
            // As the value of an entry, which is where such a file has it.
            let value = [text("w"), global(module, name), tuple(&[]), b"R".to_vec()].concat();
            let found = complaint(&dict(&[entry("a", "FloatStorage", "0", 1, 0, &[1], &[1]), value]));
            assert_eq!(found, WeightsError::Foreign { how: expected, what: format!("{module}.{name}") });
            assert!(!found.to_string().contains("code"), "{found}");
        }
        for name in ["DoubleStorage", "uint16"] {
            let found = complaint(&global("torch", name));
            assert!(matches!(&found, WeightsError::Unsupported(what) if what.contains(name)), "{found:?}");
        }
    }

    #[test]
    fn tensors_in_storages_without_a_type_are_told_apart_by_the_type_that_they_name() {
        // As PyTorch 2.1 and later write 8-bit floats: the type comes last.
        let with = |element: Vec<u8>| {
            let storage =
                [text("storage"), global("torch.storage", "UntypedStorage"), text("0"), text("cpu"), number(4)];
            let storage = [tuple(&storage), b"Q".to_vec()].concat();
            let lengths = tuple(&[number(4)]);
            let arguments = [storage, number(0), lengths.clone(), lengths, b"\x89".to_vec(), b"}".to_vec(), element];
            dict(
                &[[text("a"), global("torch._utils", "_rebuild_tensor_v3"), tuple(&arguments), b"R".to_vec()].concat()],
            )
        };
        let expected = WeightsError::Foreign { how: Storing::Float8, what: "torch.float8_e4m3fn".into() };
        assert_eq!(complaint(&with(global("torch", "float8_e4m3fn"))), expected);
        assert!(matches!(complaint(&with(global("torch", "uint32"))), WeightsError::Unsupported(_)));
        assert!(matches!(complaint(&with(number(1))), WeightsError::Unsupported(_)));
        assert_eq!(complaint(&with(global("os", "system"))), WeightsError::Refused("os system".into()));
    }

    #[test]
    fn code_beside_an_honest_kind_of_storage_is_still_code() {
        let honest = [text("w"), global("torch._utils", "_rebuild_sparse_tensor")].concat();
        let code = [text("v"), global("os", "system")].concat();
        assert_eq!(complaint(&dict(&[code.clone(), honest])), WeightsError::Refused("os system".into()));
    }

    #[test]
    fn what_is_no_dictionary_of_tensors_is_unsupported() {
        for pickle in [
            dict(&[[text("epoch"), number(3)].concat()]),
            dict(&[[text("state_dict"), b"}".to_vec()].concat()]),
            dict(&[[number(1), number(3)].concat()]),
            vec![opcode::EMPTY_LIST, opcode::STOP],
            number(1).into_iter().chain([opcode::STOP]).collect(),
        ] {
            assert!(matches!(complaint(&pickle), WeightsError::Unsupported(_)));
        }
    }

    #[test]
    fn nesting_of_any_depth_is_harmless() {
        // A million levels would overflow the stack of whoever descends into them.
        let levels = MAX_VALUES - 10;
        let nested = [b")".to_vec(), vec![opcode::TUPLE1; levels], b".".to_vec()].concat();
        assert!(matches!(complaint(&nested), WeightsError::Unsupported(_)));
        let nested = [b"}X\x01\0\0\0a)".to_vec(), vec![opcode::TUPLE1; levels - 10], b"s.".to_vec()].concat();
        assert!(matches!(complaint(&nested), WeightsError::Unsupported(_)));
        for marks in [levels, MAX_VALUES + 1] {
            assert!(is_damaged(&[vec![opcode::MARK; marks], b"}.".to_vec()].concat()));
        }
    }

    #[test]
    fn values_that_contain_themselves_are_harmless() {
        // A dictionary that is its own value, a list in itself, and a tuple of the list that holds it.
        assert!(matches!(complaint(b"}q\0X\x01\0\0\0ah\0s."), WeightsError::Unsupported(_)));
        assert!(matches!(complaint(b"]q\0h\0a."), WeightsError::Unsupported(_)));
        assert!(matches!(complaint(b"]q\0h\0\x85q\x01ah\x01\x85."), WeightsError::Damaged(_)));
        let own_arguments =
            [global("torch._utils", "_rebuild_tensor_v2"), b"]q\0h\0h\0h\0h\0(h\0h\0h\0h\0h\0h\0tR.".to_vec()];
        assert!(read(&own_arguments.concat()).is_err());
    }

    #[test]
    fn bombs_of_recalled_values_stay_small() {
        // Thirty doublings would be a thousand million items for whoever unfolds them.
        let doubled = [b")".to_vec(), b"q\0h\0\x86".repeat(30), b".".to_vec()].concat();
        assert!(matches!(complaint(&doubled), WeightsError::Unsupported(_)));
        let recalled = [b"}q\0(".to_vec(), b"h\0".repeat(MAX_VALUES + 1), b"t.".to_vec()].concat();
        assert!(is_damaged(&recalled));
        let stored: Vec<u8> =
            (0..=MAX_VALUES as u32).flat_map(|key| [&b"r"[..], &key.to_le_bytes()].concat()).collect();
        assert!(is_damaged(&[b"}".to_vec(), stored, b".".to_vec()].concat()));
        assert!(is_damaged(&[b"(".to_vec(), b"}".repeat(MAX_VALUES + 1), b"t.".to_vec()].concat()));
        // One entry, recalled for more names than there may be tensors.
        let mut many = b"}(".to_vec();
        many.extend([entry("a", "FloatStorage", "0", 1, 0, &[1; 64], &[0; 64]), b"q\0".to_vec()].concat());
        many.extend([text("b"), b"h\0".to_vec()].concat().repeat(MAX_TENSORS));
        many.extend(b"u.");
        assert!(is_damaged(&many));
        // A long name, recalled for every entry: copies of it would fill any memory.
        let long = [b"}(".to_vec(), text(&"a".repeat(1 << 20)), b"q\0".to_vec()].concat();
        let tensor = &entry("a", "FloatStorage", "0", 1, 0, &[], &[])[text("a").len()..];
        let recalled = b"h\0h\x01".repeat(MAX_TENSORS - 1);
        assert!(is_damaged(&[&long, tensor, b"q\x01", &recalled, b"u."].concat()));
    }

    #[test]
    fn counts_beyond_the_pickle_are_noticed() {
        assert!(is_damaged(b"X\xff\xff\xff\xffabc."));
        assert!(is_damaged(b"\x8c\xffabc."));
        assert!(is_damaged(b"\x8a\xff\x01."));
        assert!(is_damaged(b"\x8a\x09\x01\x02\x03\x04\x05\x06\x07\x08\x09."));
        assert!(is_damaged(b"\x95\xff\xff\xff."));
        assert!(is_damaged(&[&b"c"[..], &[b'a'; 5000], b"\nb\n."].concat()));
        assert!(is_damaged(b"cos"));
        assert!(is_damaged(b"cos\nsystem"));
        assert!(is_damaged(b"X\x02\0\0\0\xc3\x28."));
    }

    #[test]
    fn a_stack_that_does_not_add_up_is_noticed() {
        for pickle in [
            &b"."[..],
            b"}}.",
            b"}(.",
            b"}.}",
            b"s.",
            b"}s.",
            b"})s.",
            b"})))u.",
            b"}()u.",
            b"u.",
            b"t.",
            b"(}t",
            b"\x85.",
            b"}(\x85.",
            b")\x86.",
            b"))\x87.",
            b"h\0.",
            b"q\0.",
            b"}(q\0.",
            b"R.",
            b")R.",
            b"))R.",
            b"Q.",
            b")Q.",
            b"b.",
            b"}b.",
            b"a.",
            b"}}a.",
            b"(e.",
            b"}(e.",
            b"\x93.",
            b"))\x93.",
            b"",
            b"\x80",
            b"}",
        ] {
            assert!(is_damaged(pickle), "{:?}", String::from_utf8_lossy(pickle));
        }
    }

    #[test]
    fn numbers_are_read_with_their_sign() {
        for (bytes, expected) in [
            (&[][..], 0),
            (&[0x80], -128),
            (&[0x80, 0], 128),
            (&[0xFF; 8], -1),
            (&[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], i64::MAX),
        ] {
            assert_eq!(long(bytes).unwrap(), expected);
        }
    }

    #[test]
    fn tensors_that_are_none_are_damaged() {
        let lengths = |values: &[i64]| tuple(&values.iter().map(|v| number(*v)).collect::<Vec<_>>());
        let build = |arguments: &[Vec<u8>]| {
            let rebuild = [global("torch._utils", "_rebuild_tensor_v2"), tuple(arguments), b"R".to_vec()];
            dict(&[[text("a"), rebuild.concat()].concat()])
        };
        let storage = |length| {
            let items = [text("storage"), global("torch", "FloatStorage"), text("0"), text("cpu"), number(length)];
            [tuple(&items), b"Q".to_vec()].concat()
        };
        let good = [storage(4), number(0), lengths(&[2, 2]), lengths(&[2, 1]), b"\x89".to_vec(), b"}".to_vec()];
        assert!(read(&build(&good)).is_ok());
        assert!(read(&build(&[&good[..], &[b"N".to_vec()]].concat())).is_ok());
        let with = |place: usize, part: Vec<u8>| {
            let mut parts = good.to_vec();
            parts[place] = part;
            build(&parts)
        };
        assert!(is_damaged(&with(0, storage(-1))));
        assert!(is_damaged(&with(0, number(1))));
        assert!(is_damaged(&with(1, number(-1))));
        assert!(is_damaged(&with(1, b"N".to_vec())));
        assert!(is_damaged(&with(2, lengths(&[-2, 2]))));
        assert!(is_damaged(&with(2, lengths(&[2]))));
        assert!(is_damaged(&with(2, number(2))));
        assert!(is_damaged(&with(2, tuple(&[text("2"), text("2")]))));
        assert!(is_damaged(&with(3, lengths(&[-2, 1]))));
        assert!(is_damaged(&with(3, lengths(&[1; 65]))));
        assert!(is_damaged(&with(5, [b"}".to_vec(), text("hook"), number(1), b"s".to_vec()].concat())));
        assert!(is_damaged(&build(&good[..5])));
        assert!(is_damaged(&build(&[&good[..], &[b"}".to_vec(), b"}".to_vec()]].concat())));
        let negated = [b"}".to_vec(), text("neg"), b"\x88s".to_vec()].concat();
        let found = complaint(&build(&[&good[..], &[negated]].concat()));
        assert!(matches!(found, WeightsError::Unsupported(_)), "{found:?}");
        let called = [global("torch", "FloatStorage"), b")R".to_vec()].concat();
        assert!(is_damaged(&with(0, called)));
    }
}
