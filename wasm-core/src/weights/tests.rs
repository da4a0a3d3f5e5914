//! Whole files: those that PyTorch and safetensors wrote, damaged ones, and hostile ones made by hand.

use super::source::*;
use super::*;
use crate::{Error, Storing};
use half::bf16;
use proptest::prelude::*;
use serde_json::Value;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/moebius");

fn fixture(name: &str) -> &'static [u8] {
    fs::read(format!("{FIXTURES}/checkpoint/{name}")).unwrap().leak()
}

fn complaint<T>(result: Result<T>) -> WeightsError {
    match result {
        Err(Error::Weights(error)) => error,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("no complaint"),
    }
}

/// Opens it and reads everything.
fn read_all(bytes: &'static [u8]) -> Result<()> {
    let source = open(bytes)?;
    source.tensors().iter().try_for_each(|info| source.read(&info.name).map(|_| ()))
}

// What a pickle is made of, for the tests of its reader too.

pub(super) fn text(text: &str) -> Vec<u8> {
    [b"X", &(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat()
}

pub(super) fn number(value: i64) -> Vec<u8> {
    [&[0x8A, 8], &value.to_le_bytes()[..]].concat()
}

pub(super) fn global(module: &str, name: &str) -> Vec<u8> {
    format!("c{module}\n{name}\n").into_bytes()
}

pub(super) fn tuple(items: &[Vec<u8>]) -> Vec<u8> {
    [b"(".to_vec(), items.concat(), b"t".to_vec()].concat()
}

/// A whole pickle.
pub(super) fn dict(entries: &[Vec<u8>]) -> Vec<u8> {
    [b"\x80\x02}(".to_vec(), entries.concat(), b"u.".to_vec()].concat()
}

/// A name and its tensor.
pub(super) fn entry(
    name: &str,
    storage: &str,
    key: &str,
    length: i64,
    offset: i64,
    shape: &[i64],
    strides: &[i64],
) -> Vec<u8> {
    let lengths = |values: &[i64]| tuple(&values.iter().map(|value| number(*value)).collect::<Vec<_>>());
    let storage = [text("storage"), global("torch", storage), text(key), text("cpu"), number(length)];
    let hooks = [global("collections", "OrderedDict"), b")R".to_vec()].concat();
    let storage = [tuple(&storage), b"Q".to_vec()].concat();
    let arguments = [storage, number(offset), lengths(shape), lengths(strides), b"\x89".to_vec(), hooks];
    [text(name), global("torch._utils", "_rebuild_tensor_v2"), tuple(&arguments), b"R".to_vec()].concat()
}

/// A file of a zip archive.
#[derive(Clone)]
struct Member {
    name: String,
    data: Vec<u8>,
    method: u16,
    flags: u16,
    /// Sizes in the directory, compressed and not.
    sizes: [u32; 2],
    /// Where the directory says that it lies, beside the truth.
    shift: u32,
}

fn member(name: &str, data: &[u8]) -> Member {
    let size = data.len() as u32;
    Member { name: name.to_owned(), data: data.to_vec(), method: 0, flags: 0, sizes: [size; 2], shift: 0 }
}

fn zip(members: &[Member]) -> Vec<u8> {
    let (mut file, mut directory) = (vec![], vec![]);
    for Member { name, data, method, flags, sizes, shift } in members {
        let place = file.len() as u32;
        let half = |value: u16| value.to_le_bytes().to_vec();
        let word = |value: u32| value.to_le_bytes().to_vec();
        // Version, flags, method, time, date; the sizes are blank, as PyTorch leaves them.
        let common = [half(20), half(*flags), half(*method), word(0)].concat();
        let name_length = half(name.len() as u16);
        file.extend([b"PK\x03\x04".to_vec(), common.clone(), word(0), word(0), word(0)].concat());
        file.extend([name_length.clone(), half(4), name.clone().into_bytes(), b"FB\0\0".to_vec()].concat());
        file.extend(data);
        let sizes = sizes.map(word).concat();
        directory.extend([b"PK\x01\x02".to_vec(), half(20), common, word(0), sizes, name_length].concat());
        directory.extend([vec![0; 12], word(place.wrapping_add(*shift)), name.clone().into_bytes()].concat());
    }
    let (start, count) = (file.len() as u32, (members.len() as u16).to_le_bytes());
    file.extend(&directory);
    file.extend([&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &(directory.len() as u32).to_le_bytes()].concat());
    file.extend([&start.to_le_bytes()[..], &[0, 0]].concat());
    file
}

/// PyTorch's container.
fn members(pickle: &[u8], storages: &[(&str, &[u8])]) -> Vec<Member> {
    let mut members = vec![member("top/data.pkl", pickle), member("top/byteorder", b"little")];
    members.extend(storages.iter().map(|(key, data)| member(&format!("top/data/{key}"), data)));
    members
}

fn container(pickle: &[u8], storages: &[(&str, &[u8])]) -> Result<Box<dyn Source>> {
    open(zip(&members(pickle, storages)))
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn dtype_named(name: &str) -> Dtype {
    match name {
        "float32" => Dtype::F32,
        "float16" => Dtype::F16,
        "bfloat16" => Dtype::BF16,
        "int64" => Dtype::I64,
        other => panic!("{other}"),
    }
}

#[test]
fn parity_files_of_pytorch_hold_what_pytorch_put_into_them() {
    let expected: Value = serde_json::from_slice(fixture("expected.json")).unwrap();
    let files = expected.as_object().unwrap();
    assert_eq!(files.len(), 5);
    for (file, tensors) in files {
        let source = open(fixture(file)).unwrap();
        let tensors = tensors.as_object().unwrap();
        assert_eq!(source.tensors().len(), tensors.len(), "{file}");
        for (name, tensor) in tensors {
            let info = source.tensors().iter().find(|info| info.name == *name).unwrap();
            let shape: Vec<usize> = serde_json::from_value(tensor["shape"].clone()).unwrap();
            assert_eq!((&info.shape, info.dtype), (&shape, dtype_named(tensor["dtype"].as_str().unwrap())), "{name}");
            let values = source.read(name).unwrap();
            assert_eq!(values.len(), shape.iter().product::<usize>(), "{name}");
            let whole = tensor.get("values");
            let listed: Vec<f32> = serde_json::from_value(whole.unwrap_or(&tensor["first8"]).clone()).unwrap();
            let compared = if whole.is_some() { values.len() } else { values.len().min(8) };
            assert_eq!(values[..compared], listed, "{file}: {name}");
        }
    }
}

#[test]
fn parity_partly_listed_files_of_pytorch_are_the_synthetic_ones_rounded_to_their_type() {
    for file in ["handful_f32.bin", "handful_f16_plain_ordereddict.bin", "handful_bf16.bin"] {
        let source = open(fixture(file)).unwrap();
        let tensors = source.tensors().iter().map(|info| (info.name.clone(), info.shape.clone()));
        let synthetic = Synthetic::new(tensors).unwrap();
        for info in source.tensors() {
            let mut expected = synthetic.read(&info.name).unwrap();
            if info.dtype == Dtype::BF16 {
                expected.iter_mut().for_each(|value| *value = bf16::from_f32(*value).to_f32());
            }
            assert_eq!(source.read(&info.name).unwrap(), expected, "{file}: {}", info.name);
        }
    }
}

fn tiny() -> Vec<(String, Vec<usize>)> {
    let table = fs::read_to_string(format!("{FIXTURES}/tensors-unet-tiny.tsv")).unwrap();
    let row = |line: &str| {
        let mut columns = line.split('\t');
        let (name, shape) = (columns.next().unwrap().to_owned(), columns.nth(1).unwrap());
        (name, shape.split(',').filter(|length| !length.is_empty()).map(|length| length.parse().unwrap()).collect())
    };
    table.lines().skip(1).map(row).collect()
}

#[test]
fn parity_both_containers_of_the_tiny_model_hold_the_synthetic_weights() {
    let expected = tiny();
    assert_eq!(expected.len(), 1203);
    let synthetic = Synthetic::new(expected.clone()).unwrap();
    check(&synthetic, &expected).unwrap();
    for file in ["moebius_tiny/diffusion_pytorch_model.bin", "moebius_tiny/model.safetensors"] {
        let source = open(fixture(file)).unwrap();
        check(&*source, &expected).unwrap();
        assert_eq!(source.tensors().len(), expected.len());
        for info in source.tensors() {
            let made = &synthetic.tensors()[synthetic.index_of(&info.name)];
            assert_eq!(info, made, "{file}");
            assert_eq!(source.read(&info.name).unwrap(), synthetic.read(&info.name).unwrap(), "{file}: {}", info.name);
        }
    }
}

impl Synthetic {
    fn index_of(&self, name: &str) -> usize {
        self.tensors().iter().position(|info| info.name == name).unwrap()
    }
}

#[test]
fn parity_a_file_that_asks_to_run_code_is_refused_as_a_whole() {
    let found = complaint(open(fixture("hostile_reduce_print.bin")));
    assert_eq!(found, WeightsError::Refused("__builtin__ print".into()));
}

#[test]
fn parity_files_of_old_pytorch_are_refused_with_a_way_out() {
    let found = complaint(open(fixture("legacy_nonzip_f32.bin")));
    assert!(matches!(found, WeightsError::Unsupported(_)), "{found:?}");
    assert!(found.to_string().contains("1.6") && found.to_string().contains("safetensors"), "{found}");
}

#[test]
fn other_files_are_unknown() {
    for bytes in
        [&b""[..], b"P", b"\x89PNG\r\n\x1a\n", b"GGUF\x03\0\0\0\0\0\0\0", b"<!DOCTYPE html>", b"\x80", &[0; 64]]
    {
        assert_eq!(complaint(open(bytes)), WeightsError::UnknownContainer);
    }
}

#[test]
fn a_cut_file_never_opens() {
    for file in [
        "handful_bf16.bin",
        "handful_f16_plain_ordereddict.bin",
        "handful_f32.bin",
        "strided_f32.bin",
        "parameter_wrapped_f32.bin",
    ] {
        let bytes = fixture(file);
        for length in 0..bytes.len() {
            assert!(open(&bytes[..length]).is_err(), "{file} cut to {length}");
        }
    }
    for file in ["moebius_tiny/diffusion_pytorch_model.bin", "moebius_tiny/model.safetensors"] {
        let bytes = fixture(file);
        let lengths = (0..300).chain((300..bytes.len()).step_by(9973)).chain(bytes.len() - 300..bytes.len());
        for length in lengths {
            let found = complaint(open(&bytes[..length]));
            let cut =
                matches!(found, WeightsError::Truncated(_)) || length < 9 && found == WeightsError::UnknownContainer;
            assert!(cut, "{file} cut to {length}: {found:?}");
        }
    }
}

#[test]
fn a_wrong_byte_anywhere_does_no_harm() {
    for file in [
        "handful_f16_plain_ordereddict.bin",
        "strided_f32.bin",
        "parameter_wrapped_f32.bin",
        "hostile_reduce_print.bin",
        "legacy_nonzip_f32.bin",
    ] {
        let whole = fixture(file);
        let mut bytes = whole.to_vec();
        for at in 0..bytes.len() {
            for other in [0, 1, 0x7F, 0x80, 0xFF, whole[at] ^ 1, whole[at] ^ 0x10, whole[at].wrapping_add(1)] {
                bytes[at] = other;
                let read =
                    || open(bytes.clone()).map(|s| s.tensors().iter().filter(|i| s.read(&i.name).is_ok()).count());
                let unharmed = catch_unwind(AssertUnwindSafe(read)).is_ok();
                assert!(unharmed, "{file}: {other} at {at}");
            }
            bytes[at] = whole[at];
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn wrong_bytes_in_the_tiny_model_do_no_harm(
        of_pytorch in any::<bool>(),
        wrong in prop::collection::vec((0usize..1 << 18, any::<bool>(), any::<u8>()), 1..5),
    ) {
        let names = ["moebius_tiny/model.safetensors", "moebius_tiny/diffusion_pytorch_model.bin"];
        let mut bytes = fs::read(format!("{FIXTURES}/checkpoint/{}", names[usize::from(of_pytorch)])).unwrap();
        let length = bytes.len();
        // The directories are at the ends.
        for (at, from_end, value) in wrong {
            bytes[if from_end { length - 1 - at } else { at }] = value;
        }
        if let Ok(source) = open(bytes) {
            for info in source.tensors().iter().take(20) {
                let _ = source.read(&info.name);
            }
        }
    }

    #[test]
    fn pickles_of_any_bytes_do_no_harm(
        parts in prop::collection::vec(
            prop_oneof![
                prop::sample::select(&b"()}].tsuaeNRQbq\0h\0\x85\x86\x87\x88\x93\x94K\x01"[..])
                    .prop_map(|byte| vec![byte]),
                prop::sample::select(vec![b"q\0".to_vec(), b"h\0".to_vec(), b"h\x01".to_vec(), b")".to_vec()]),
                (-2i64..100).prop_map(number),
                Just(text("storage")),
                Just(global("torch", "FloatStorage")),
                Just(global("collections", "OrderedDict")),
                Just(global("torch._utils", "_rebuild_tensor_v2")),
                Just(entry("a", "FloatStorage", "0", 4, 0, &[2, 2], &[1, 2])),
                any::<Vec<u8>>(),
            ],
            0..40,
        )
    ) {
        let _ = container(&[parts.concat(), b".".to_vec()].concat(), &[("0", &[0; 16])]).map(|source| {
            source.tensors().iter().for_each(|info| drop(source.read(&info.name)))
        });
    }

    #[test]
    fn any_view_that_is_accepted_is_read_as_its_strides_say(
        shape in prop::collection::vec(0usize..5, 0..5),
        strides in prop::collection::vec(0usize..30, 5),
        offset in 0usize..20,
    ) {
        let stored: Vec<f32> = (0..200).map(|value| value as f32).collect();
        let strides = &strides[..shape.len()];
        let signed = |values: &[usize]| values.iter().map(|value| *value as i64).collect::<Vec<_>>();
        let pickle = dict(&[entry("a", "FloatStorage", "0", 200, offset as i64, &signed(&shape), &signed(strides))]);
        let source = container(&pickle, &[("0", &floats(&stored))]);
        let mut expected = vec![offset];
        for (length, stride) in shape.iter().zip(strides) {
            expected = expected.iter().flat_map(|at| (0..*length).map(move |step| at + step * stride)).collect();
        }
        if expected.iter().any(|at| *at >= 200) {
            prop_assert!(matches!(complaint(source), WeightsError::Damaged(_)));
        } else {
            let expected: Vec<f32> = expected.iter().map(|at| stored[*at]).collect();
            prop_assert_eq!(source.unwrap().read("a").unwrap(), expected);
        }
    }
}

/// The files that the fuzz target `folder` starts from, with their names.
fn corpus(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = fs::read_dir(format!("{}/fuzz/corpus/{folder}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut files: Vec<_> = folder
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

/// The corpus of pickles in a container, and that of whole files.
fn all_of_the_corpus() -> Vec<Vec<u8>> {
    let pickles = corpus("pickle").into_iter().map(|(_, pickle)| zip(&members(&pickle, &[("0", &[0x3C; 4096])])));
    let files = ["torch_zip", "safetensors"].into_iter().flat_map(corpus).map(|(_, file)| file);
    pickles.chain(files).collect()
}

/// Opens a file and reads its tensors. What is wrong with it shows when it is opened, except for numbers that are not finite.
fn read_whole(file: Vec<u8>) -> std::result::Result<(), WeightsError> {
    let source = match open(file) {
        Ok(source) => source,
        Err(Error::Weights(error)) => return Err(error),
        Err(other) => panic!("{other}"),
    };
    for info in source.tensors() {
        let count: usize = info.shape.iter().product();
        // A stride of zero makes large tensors of a few bytes, and reading those takes its time.
        if count > 1 << 12 {
            continue;
        }
        match source.read(&info.name) {
            Ok(values) => assert!(values.len() == count && values.iter().all(|value| value.is_finite())),
            Err(Error::Weights(WeightsError::NotFinite(name))) => assert_eq!(name, info.name),
            Err(other) => panic!("{}: {other}", info.name),
        }
    }
    Ok(())
}

#[test]
fn whole_files_that_store_weights_in_other_ways_are_told_apart() {
    let mut seen = 0;
    for (name, pickle) in corpus("pickle") {
        let found = read_whole(zip(&members(&pickle, &[("0", &[0x3C; 4096])])));
        let expected = match name.strip_prefix("foreign_") {
            Some(way) if way.starts_with("float8") => Storing::Float8,
            Some(way) if way.starts_with("sparse") => Storing::Sparse,
            Some(way) if way.starts_with("quantised") => Storing::Quantised,
            Some(way) if way.starts_with("numpy") => Storing::Numpy,
            Some(way) if way.starts_with("subclass") || way.starts_with("parameter") => Storing::Subclass,
            Some(way) => panic!("{way}"),
            None => continue,
        };
        assert!(matches!(&found, Err(WeightsError::Foreign { how, .. }) if *how == expected), "{name}: {found:?}");
        seen += 1;
    }
    assert!(seen > 10, "{seen} files");
    let (_, float8) = corpus("safetensors").into_iter().find(|(name, _)| name == "foreign_float8").unwrap();
    assert!(matches!(read_whole(float8), Err(WeightsError::Foreign { how: Storing::Float8, .. })));
}

#[test]
fn a_wrong_byte_anywhere_in_a_pickle_ends_in_an_error_about_weights() {
    for (name, whole) in corpus("pickle") {
        let mut bytes = whole.clone();
        for at in 0..bytes.len() {
            for other in [0, 0x7F, 0x80, 0xFF, whole[at] ^ 1, whole[at] ^ 0x20, whole[at].wrapping_add(1)] {
                bytes[at] = other;
                let read = || match pickle::read(&bytes) {
                    Ok(_) => drop(read_whole(zip(&members(&bytes, &[("0", &[0x3C; 4096])])))),
                    Err(Error::Weights(_)) => {}
                    Err(other) => panic!("{other}"),
                };
                assert!(catch_unwind(AssertUnwindSafe(read)).is_ok(), "{name}: {other} at {at}");
            }
            bytes[at] = whole[at];
        }
    }
}

/// A change of a file.
#[derive(Clone, Debug)]
enum Mutation {
    /// This byte instead of the one at a place.
    Set(usize, u8),
    /// Nothing instead of so many bytes.
    Cut(usize, usize),
    /// So many bytes from one place once more, at another.
    Copy(usize, usize, usize),
    /// These bytes more.
    Insert(usize, Vec<u8>),
}

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let end = bytes.len();
        let place = |at: usize| at % (end + 1);
        let span = |at: usize, length: usize| place(at)..end.min(place(at) + length);
        match self {
            Self::Set(at, byte) => {
                let at = place(*at);
                if let Some(old) = bytes.get_mut(at) {
                    *old = *byte;
                }
            }
            Self::Cut(at, length) => drop(bytes.drain(span(*at, *length))),
            Self::Copy(from, length, to) => {
                let (copied, to) = (bytes[span(*from, *length)].to_vec(), place(*to));
                drop(bytes.splice(to..to, copied));
            }
            Self::Insert(at, more) => {
                let at = place(*at);
                drop(bytes.splice(at..at, more.iter().copied()));
            }
        }
    }
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        (any::<usize>(), 1usize..40).prop_map(|(at, length)| Mutation::Cut(at, length)),
        (any::<usize>(), 1usize..200, any::<usize>()).prop_map(|(from, length, to)| Mutation::Copy(from, length, to)),
        (any::<usize>(), prop::collection::vec(any::<u8>(), 1..9)).prop_map(|(at, more)| Mutation::Insert(at, more)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_files_end_in_an_error_about_weights_or_are_read(
        file in prop::sample::select(all_of_the_corpus()),
        mutations in prop::collection::vec(mutation(), 1..6),
    ) {
        let mut file = file;
        mutations.iter().for_each(|mutation| mutation.apply(&mut file));
        let _ = read_whole(file.clone());
        prop_assert!(matches!(Pack::open(file).map(|_| ()), Ok(()) | Err(Error::Weights(_))));
    }

    #[test]
    fn mutated_pickles_end_in_an_error_about_weights_or_are_read(
        pickle in prop::sample::select(corpus("pickle")),
        mutations in prop::collection::vec(mutation(), 1..6),
    ) {
        let (_, mut pickle) = pickle;
        mutations.iter().for_each(|mutation| mutation.apply(&mut pickle));
        let _ = read_whole(zip(&members(&pickle, &[("0", &[0x3C; 4096])])));
    }
}

#[test]
fn views_that_leave_their_storage_are_damaged() {
    let data = [0; 16];
    let one = |length, offset, shape: &[i64], strides: &[i64]| {
        container(&dict(&[entry("a", "FloatStorage", "0", length, offset, shape, strides)]), &[("0", &data)])
    };
    assert!(one(4, 0, &[4], &[1]).is_ok());
    assert!(one(4, 3, &[1], &[i64::MAX]).is_ok_and(|source| source.read("a").unwrap() == [0.0]));
    assert!(one(4, 0, &[4, 1], &[0, i64::MAX]).is_ok_and(|source| source.read("a").unwrap() == [0.0; 4]));
    assert!(one(4, 9, &[0, 7], &[1, 1]).is_ok_and(|source| source.read("a").unwrap().is_empty()));
    // Counted through for every element, so many dimensions of one would take minutes.
    let flat = |first| [vec![first], vec![1; MAX_DIMENSIONS - 1]].concat();
    let source = one(4, 0, &flat(MAX_ELEMENTS as i64), &flat(0)).unwrap();
    assert!(source.read("a").unwrap().iter().eq(std::iter::repeat_n(&0.0, MAX_ELEMENTS)));
    for (length, offset, shape, strides) in [
        // The storage is longer than its file.
        (5, 0, &[4][..], &[1][..]),
        (i64::MAX, 0, &[4], &[1]),
        (i64::MAX / 2 + 1, 0, &[4], &[1]),
        // The view is longer than its storage.
        (3, 0, &[4], &[1]),
        (4, 1, &[4], &[1]),
        (4, 4, &[], &[]),
        (4, i64::MAX, &[4], &[1]),
        (4, 0, &[2], &[4]),
        (4, 0, &[2, 2], &[2, 2]),
        (4, 0, &[2], &[i64::MAX]),
        (4, 0, &[3, 3], &[i64::MAX, i64::MAX]),
        // More than memory holds, at once or in turn.
        (4, 0, &[1 << 27], &[0]),
        (4, 0, &[1 << 32, 1 << 32], &[0, 0]),
        (4, 0, &[i64::MAX, i64::MAX, i64::MAX], &[0, 0, 0]),
        (4, 0, &[0, i64::MAX, i64::MAX], &[0, 0, 0]),
        (4, 0, &[-1], &[1]),
        (4, 3, &[2], &[-1]),
    ] {
        let found = complaint(one(length, offset, shape, strides));
        assert!(matches!(found, WeightsError::Damaged(_)), "{shape:?} {strides:?}: {found:?}");
    }
}

#[test]
fn values_that_are_not_finite_name_their_tensor() {
    let entries = |storage, lengths: i64| {
        dict(&[
            entry("good", storage, "0", lengths, 0, &[1], &[1]),
            entry("bad", storage, "0", lengths, 0, &[2], &[1]),
            entry("around", storage, "0", lengths, 0, &[2], &[2]),
        ])
    };
    for (storage, data) in [
        ("FloatStorage", floats(&[1.0, f32::NAN, 1.0])),
        ("FloatStorage", floats(&[1.0, f32::INFINITY, 1.0])),
        ("HalfStorage", vec![0, 0x3C, 0, 0xFC, 0, 0x3C]),
        ("BFloat16Storage", vec![0x80, 0x3F, 0xC0, 0x7F, 0x80, 0x3F]),
    ] {
        let source = container(&entries(storage, 3), &[("0", &data)]).unwrap();
        assert_eq!(source.read("good").unwrap(), [1.0]);
        assert_eq!(complaint(source.read("bad")), WeightsError::NotFinite("bad".into()));
        // Only the elements of the view count, not what lies between them.
        assert_eq!(source.read("around").unwrap(), [1.0, 1.0]);
    }
}

#[test]
fn a_tensor_that_is_not_there_is_named() {
    let sources: [Box<dyn Source>; 3] = [
        open(fixture("strided_f32.bin")).unwrap(),
        open(fixture("moebius_tiny/model.safetensors")).unwrap(),
        Box::new(Synthetic::new([]).unwrap()),
    ];
    for source in sources {
        let expected = WeightsError::Mismatch { missing: vec!["x".into()], extra: vec![], misshapen: vec![] };
        assert_eq!(complaint(source.read("x")), expected);
    }
}

#[test]
fn names_that_occur_twice_are_damaged() {
    let one = entry("a", "FloatStorage", "0", 1, 0, &[1], &[1]);
    let found = complaint(container(&dict(&[one.clone(), one]), &[("0", &[0; 4])]));
    assert!(matches!(found, WeightsError::Damaged(_)), "{found:?}");
    let twice = [("a".to_owned(), vec![1]), ("a".to_owned(), vec![2])];
    assert!(matches!(complaint(Synthetic::new(twice)), WeightsError::Damaged(_)));
    let pickle = dict(&[entry("a", "FloatStorage", "0", 1, 0, &[1], &[1])]);
    let found = complaint(container(&pickle, &[("0", &[0; 4]), ("0", &[1; 4])]));
    assert!(matches!(found, WeightsError::Damaged(_)), "{found:?}");
    let long = [("a".repeat(MAX_NAME_BYTES + 1), vec![1])];
    assert!(matches!(complaint(Synthetic::new(long)), WeightsError::Damaged(_)));
}

/// A container of one tensor, with a part of it changed.
fn changed(change: impl FnOnce(&mut Vec<Member>)) -> Result<Box<dyn Source>> {
    let mut members = members(&dict(&[entry("a", "FloatStorage", "0", 4, 0, &[4], &[1])]), &[("0", &[0; 16])]);
    change(&mut members);
    let source = open(zip(&members))?;
    source.read("a").map(|_| source)
}

#[test]
fn archives_that_pytorch_would_not_write_are_refused() {
    assert!(changed(|_| ()).is_ok());
    // Without a byte order, as before PyTorch 2.1.
    assert!(changed(|members| drop(members.remove(1))).is_ok());
    let found = complaint(changed(|members| members[1] = member("top/byteorder", b"big")));
    assert!(matches!(&found, WeightsError::Unsupported(what) if what.contains("big-endian")), "{found:?}");
    for method in [8, 9, 12, 14, 93, 99, 1] {
        for place in 0..3 {
            let found = complaint(changed(|members| members[place].method = method));
            assert!(matches!(&found, WeightsError::Unsupported(what) if what.contains("compression")), "{found:?}");
        }
    }
    let found = complaint(changed(|members| members[2].flags = 1));
    assert!(matches!(found, WeightsError::Unsupported(_)), "{found:?}");
    let damages: [fn(&mut Vec<Member>); 14] = [
        |members| members[1] = member("top/byteorder", b"middle"),
        |members| members[1] = member("top/byteorder", &[b'l'; 1000]),
        |members| members[2].name = "top/data/1".into(),
        |members| members[0].name = "data.pkl".into(),
        |members| members.push(member("other/data.pkl", b"}.")),
        |members| members.push(member(&"x".repeat(60_000), b"")),
        |members| drop(members.remove(0)),
        |members| members[2].sizes = [15; 2],
        |members| members[2].sizes = [1 << 30; 2],
        |members| members[0].sizes = [u32::MAX - 1; 2],
        |members| members[2].sizes = [16, 1 << 30],
        |members| members[2].sizes = [1 << 30, 16],
        |members| members[2].shift = 1,
        |members| members[2].shift = 1 << 31,
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        let found = complaint(changed(damage));
        assert!(matches!(found, WeightsError::Damaged(_)), "{number}: {found:?}");
    }
}

#[test]
fn an_end_that_promises_many_files_is_noticed_before_room_is_made_for_them() {
    let whole = fixture("moebius_tiny/diffusion_pytorch_model.bin");
    let wide = whole.len() - 98;
    assert!(whole[wide..].starts_with(b"PK\x06\x06"));
    for count in [MAX_TENSORS as u64 + 1000, 1 << 40, u64::MAX] {
        let mut bytes = whole.to_vec();
        bytes[wide + 24..wide + 32].copy_from_slice(&count.to_le_bytes());
        bytes[wide + 32..wide + 40].copy_from_slice(&count.to_le_bytes());
        assert!(matches!(complaint(open(bytes)), WeightsError::Damaged(_)));
    }
    let two_ends = [zip(&members(b"}.", &[])), zip(&[])].concat();
    assert!(matches!(complaint(open(two_ends)), WeightsError::Damaged(_)));
}

#[test]
fn a_directory_of_great_length_is_refused() {
    // Long names that nobody needs: 300 times 60 KB.
    let long = |number: usize| member(&format!("top/{number}{}", "x".repeat(60_000)), b"");
    let found = complaint(changed(|members| members.extend((0..300).map(long))));
    assert!(matches!(&found, WeightsError::Damaged(what) if what.contains("too long")), "{found:?}");
}

#[test]
fn a_failing_storage_is_told_apart_from_a_bad_file() {
    struct Failing(&'static [u8], u64);

    impl Bytes for Failing {
        fn len(&self) -> u64 {
            Bytes::len(&self.0)
        }

        fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<()> {
            if offset <= self.1 && self.1 < offset + into.len() as u64 {
                return Err(WeightsError::Unreadable("a bad sector".into()).into());
            }
            self.0.read_at(offset, into)
        }
    }

    for file in ["handful_f32.bin", "moebius_tiny/model.safetensors"] {
        let bytes = fixture(file);
        for at in (0..bytes.len()).step_by(bytes.len() / 50) {
            let read = open(Failing(bytes, at as u64))
                .and_then(|source| source.tensors().iter().try_for_each(|info| source.read(&info.name).map(|_| ())));
            // Between the files of an archive lie bytes that nobody reads.
            if let Err(error) = read {
                assert_eq!(
                    error.to_string(),
                    WeightsError::Unreadable("a bad sector".into()).to_string(),
                    "{file} {at}"
                );
            }
        }
    }
}

#[test]
fn everything_that_does_not_fit_is_listed_at_once() {
    let of = |list: &[(&str, &[usize])]| -> Vec<_> {
        list.iter().map(|(name, shape)| ((*name).to_owned(), shape.to_vec())).collect()
    };
    let found = of(&[("a", &[2, 3]), ("b", &[1]), ("x", &[]), ("y", &[4]), ("n.num_batches_tracked", &[])]);
    let source = Synthetic::new(found.clone()).unwrap();
    check(&source, &found).unwrap();
    check(&source, &found[..4]).unwrap();
    let expected = of(&[("a", &[3, 2]), ("b", &[1]), ("c", &[1]), ("d", &[1]), ("m.num_batches_tracked", &[])]);
    assert_eq!(
        complaint(check(&source, &expected)),
        WeightsError::Mismatch {
            missing: vec!["c".into(), "d".into()],
            extra: vec!["x".into(), "y".into()],
            misshapen: vec![Misshapen { name: "a".into(), expected: vec![3, 2], found: vec![2, 3] }],
        }
    );
}

#[test]
fn tensors_longer_than_a_chunk_are_whole() {
    let values: Vec<f32> = (0..CHUNK as u32 / 2 + 7).map(|value| value as f32).collect();
    let count = values.len() as i64;
    let pickle = dict(&[
        entry("a", "FloatStorage", "0", count, 3, &[count - 3], &[1]),
        entry("b", "FloatStorage", "0", count, 0, &[2], &[count - 1]),
    ]);
    let source = container(&pickle, &[("0", &floats(&values))]).unwrap();
    assert!(source.read("a").unwrap() == values[3..]);
    assert_eq!(source.read("b").unwrap(), [0.0, (count - 1) as f32]);
}

#[test]
fn whole_files_can_be_read_to_the_end() {
    for file in ["strided_f32.bin", "handful_bf16.bin", "moebius_tiny/model.safetensors"] {
        read_all(fixture(file)).unwrap();
    }
}
