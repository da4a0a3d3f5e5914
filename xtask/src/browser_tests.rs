//! The browser tests: the files of `e2e/` side by side, each in a browser of its own, each lane on a virtual screen of its own.

use crate::shell::{cargo, root, target};
use crate::{Result, tools};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Ending of the files' names.
const ENDING: &str = ".test.mjs";
/// Files that take longest, the longest first: whatever begins last should be short, or one lane runs on alone. `jobs` is not among them, although it
/// takes long: it measures how soon a fill can be cancelled, and the first two keep every core busy with a GPU in software.
const LONGEST: [&str; 8] =
    ["moebius", "parity", "hub-faults", "formats", "strict-pages", "hostile-overlay", "models", "faults"];

/// The file that compares what a browser makes of a picture with what the same engine makes of it natively.
const COMPARES_WITH_NATIVE: &str = "moebius";

/// What the names of the files begin with whose tests run in Firefox.
const IN_FIREFOX: &str = "firefox";

/// The file whose tests have a model run on Firefox's GPU, which has none of its own in software as Chromium has.
const ON_FIREFOX_GPU: &str = "firefox-models";

/// Which tests are run.
#[derive(Clone, Copy)]
pub enum Which<'a> {
    /// All of them.
    All,
    /// Those of one file, named without its ending.
    File(&'a str),
    /// Those whose names contain a text.
    Named(&'a str),
}

/// Makes the browser run the tests that take minutes, which a test run skips.
pub const LONG: (&str, &str) = ("LONG", "1");

/// Longest time of one file, in minutes; the second where the tests that take minutes run as well. The longest file takes 17 on two cores with two
/// others beside it. What takes longer hangs, and would use up the time of all that come after it.
const LONGEST_MINUTES: [u32; 2] = [25, 120];

/// What `timeout` answers for a program that it has ended.
const ENDED_BY_TIMEOUT: i32 = 124;

/// What became of one file.
struct Outcome {
    file: String,
    took: Duration,
    /// Names of the tests that failed, or a word about a file that did not come to its end; empty when all passed.
    failures: Vec<String>,
    /// What the reporter says of them at its end.
    reasons: String,
}

/// True when `name` is the name of a file of tests, without its ending.
pub fn is_file(name: &str) -> bool {
    root().join(format!("e2e/{name}{ENDING}")).is_file()
}

/// Names (without their ending) of the files with tests that are wanted; a file counts as holding a name that stands in its text.
pub fn files(which: Which<'_>) -> Result<Vec<String>> {
    let mut files = vec![];
    for entry in std::fs::read_dir(root().join("e2e"))? {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().and_then(|name| name.strip_suffix(ENDING)).map(str::to_owned)
        else {
            continue;
        };
        let wanted = match which {
            Which::All => true,
            Which::File(file) => name == file,
            Which::Named(text) => std::fs::read_to_string(entry.path())?.contains(text),
        };
        if wanted {
            files.push(name);
        }
    }
    let rank = |file: &String| LONGEST.iter().position(|long| long == file).unwrap_or(LONGEST.len());
    files.sort_by_key(|file| (rank(file), file.clone()));
    Ok(files)
}

/// Runs tests in a real browser. What a file prints is shown in one piece, when the file has ended. `environment` is set for all of them.
///
/// # Errors
///
/// When a test fails, or no test is found.
pub fn run(which: Which<'_>, environment: &[(&str, &str)]) -> Result {
    let chromium = tools::chromium()?;
    tools::virtual_screen()?;
    let files = files(which)?;
    if files.is_empty() {
        return Err("no browser test has this name".into());
    }
    let mut environment = environment.to_vec();
    let erase = target().join("debug/examples/erase");
    if files.iter().any(|file| file == COMPARES_WITH_NATIVE) {
        // The packages are those of the native tests: with others, what both need would be compiled with other features.
        let of_native_tests = ["--package", "wasm-core", "--package", "extension"];
        cargo(&[&["build", "--profile", "test", "--example", "erase"], &of_native_tests[..]].concat())?;
        environment.push(("ERASE", erase.to_str().ok_or("the path of the repository is not UTF-8")?));
    }
    let firefox;
    if files.iter().any(|file| file == ON_FIREFOX_GPU) {
        tools::software_vulkan()?;
    }
    if files.iter().any(|file| file.starts_with(IN_FIREFOX)) {
        firefox = tools::firefox()?;
        environment.push(("FIREFOX", &firefox));
    }
    let environment = &environment[..];
    let start = Instant::now();
    let lanes = lanes().min(files.len());
    let queue = Mutex::new(VecDeque::from(files));
    let outcomes = Mutex::new(vec![]);
    std::thread::scope(|scope| {
        let lane = || -> std::result::Result<(), String> {
            let screen = Screen::start()?;
            loop {
                let Some(file) = queue.lock().expect("no lane panics").pop_front() else { return Ok(()) };
                let outcome = run_file(&file, which, &chromium, &screen, environment)?;
                outcomes.lock().expect("no lane panics").push(outcome);
            }
        };
        let running: Vec<_> = (0..lanes).map(|_| scope.spawn(lane)).collect();
        running.into_iter().try_for_each(|lane| lane.join().expect("no lane panics"))
    })?;
    let outcomes = outcomes.into_inner().expect("no lane panics");
    report(&outcomes, start.elapsed())
}

/// How many files run at once: more than there are cores, because a browser test mostly waits. `LANES` overrules it.
fn lanes() -> usize {
    let chosen = std::env::var("LANES").ok().and_then(|lanes| lanes.parse().ok());
    chosen.unwrap_or_else(|| std::thread::available_parallelism().map_or(2, |cores| cores.get() + 1)).max(1)
}

fn run_file(
    file: &str,
    which: Which<'_>,
    chromium: &str,
    screen: &Screen,
    environment: &[(&str, &str)],
) -> std::result::Result<Outcome, String> {
    let start = Instant::now();
    let minutes = LONGEST_MINUTES[usize::from(environment.contains(&LONG))];
    let mut command = Command::new("timeout");
    command.args(["--kill-after=10", &format!("{minutes}m")]);
    // Without "force-exit", a file whose browser cannot be closed would not end.
    command.args(["node", "--test", "--test-force-exit", "--test-reporter=spec"]);
    if let Which::Named(text) = which {
        command.arg(format!("--test-name-pattern={text}"));
    }
    command.arg(format!("{file}{ENDING}")).current_dir(root().join("e2e")).stdin(Stdio::null());
    command.env("CHROMIUM", chromium).env("DISPLAY", &screen.name).envs(environment.iter().copied());
    // Into a file and not through a pipe, which a browser that outlives its test would keep open.
    let log = target().join(format!("browser-tests/{file}.log"));
    let told = |e: std::io::Error| format!("{file} could not be run: {e}");
    let writer =
        log.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| File::create(&log)).map_err(told)?;
    command.stdout(writer.try_clone().map_err(told)?).stderr(writer);
    let status = command.status().map_err(told)?;
    let took = start.elapsed();
    let said = String::from_utf8_lossy(&std::fs::read(&log).map_err(told)?).into_owned();
    let mut failures = failures(&said);
    if status.code() == Some(ENDED_BY_TIMEOUT) {
        failures.push(format!("it had not ended after {minutes} minutes"));
    } else if !status.success() && failures.is_empty() {
        failures.push(format!("it ended otherwise: {status}"));
    }
    // One write, so that files that end together do not mix.
    print!("\n──── {file}: {:.0} s\n{said}", took.as_secs_f64());
    Ok(Outcome { file: file.into(), took, failures, reasons: reasons(&said) })
}

/// Names of the tests that failed, as the "spec" reporter prints them with its marks: each once, and without the time it took.
fn failures(said: &str) -> Vec<String> {
    let mut names: Vec<String> = vec![];
    for line in said.lines() {
        let Some(name) = line.trim_start().strip_prefix("✖ ").and_then(|line| line.rsplit_once(" (")) else {
            continue;
        };
        if !names.iter().any(|known| known == name.0) {
            names.push(name.0.to_owned());
        }
    }
    names
}

/// Why tests failed, as the "spec" reporter says it after all of them, at most so many lines: whoever sees only the end of a long log finds it there.
fn reasons(said: &str) -> String {
    const LINES: usize = 60;
    let lines = said.lines().skip_while(|line| *line != "✖ failing tests:").skip(1);
    lines.filter(|line| !line.trim().is_empty()).take(LINES).fold(String::new(), |all, line| all + line + "\n")
}

fn report(outcomes: &[Outcome], all: Duration) -> Result {
    println!("\n{:24} {:>6}", "browser tests", "s");
    for Outcome { file, took, failures, .. } in outcomes {
        println!("{file:24} {:>6.0}{}", took.as_secs_f64(), if failures.is_empty() { "" } else { "  FAILED" });
    }
    println!("{:24} {:>6.0}", "side by side", all.as_secs_f64());
    for Outcome { file, reasons, .. } in outcomes.iter().filter(|outcome| !outcome.failures.is_empty()) {
        println!("\n──── why in {file}\n{reasons}");
    }
    let failed: Vec<String> = outcomes
        .iter()
        .flat_map(|outcome| outcome.failures.iter().map(|name| format!("\n  {}: {name}", outcome.file)))
        .collect();
    if failed.is_empty() { Ok(()) } else { Err(format!("browser tests failed:{}", failed.concat()).into()) }
}

/// An X server that nobody sees, ended when it is dropped.
struct Screen {
    server: Child,
    /// As `DISPLAY` names it.
    name: String,
}

impl Screen {
    /// Waits until the server takes clients. The server chooses a display that is free.
    fn start() -> std::result::Result<Self, String> {
        let arguments = ["-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"];
        let mut server = Command::new("Xvfb")
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("Xvfb did not start: {e}"))?;
        let mut number = String::new();
        let out = server.stdout.take().expect("it is piped");
        BufReader::new(out).read_line(&mut number).map_err(|e| format!("Xvfb does not say its display: {e}"))?;
        match number.trim() {
            "" => Err("Xvfb ended before it said its display".into()),
            number => Ok(Self { server, name: format!(":{number}") }),
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::{failures, reasons};

    /// What the reporter of node 20 prints for a file with one test that passes, one that fails and a hook that hangs.
    const SAID: &str = "✔ one (1.5ms)\n✖ two (in a tab) (4001.8ms)\n  'test timed out after 2000ms'\n\nℹ tests 3\n\n✖ failing tests:\n\ntest at \
                        a.test.mjs:8:1\n✖ two (in a tab) (4001.8ms)\n\n✖ /e2e/a.test.mjs (2001.7ms)\n";

    #[test]
    fn a_failure_is_named_once_and_without_its_time() {
        assert_eq!(failures(SAID), ["two (in a tab)", "/e2e/a.test.mjs"]);
    }

    #[test]
    fn the_reasons_are_what_the_reporter_says_at_its_end() {
        assert!(reasons(SAID).starts_with("test at a.test.mjs:8:1\n✖ two (in a tab)"));
        assert_eq!(reasons("✔ one (1.5ms)\n"), "");
    }
}
