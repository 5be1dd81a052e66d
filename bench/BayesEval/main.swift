// Judges the messages of `bench/bayes-eval`: bayes-eval-runner MESSAGES RUNS OUT
//
// Writes one line "program TAB run TAB number TAB label TAB value" for each test message and each program: `mailreeve` with
// the probability, `classical` with that of the Robinson/Fisher method alone, and one `only-VIEW` and `without-VIEW` with
// the margins; and "mailreeve TAB run TAB learn TAB seconds TAB count", and "mailreeve TAB run TAB repeated TAB count TAB
// count" with the messages that were not learnt since they are nearly alike. What is learnt goes through a store in the
// directory OUT.store, as that of `mailreeve learn` does.
import Bayes
import Bytes
import Glibc
import MIME
import Scoring

func readFile(_ path: String) -> [UInt8] {
    let file = open(path, O_RDONLY)
    guard file >= 0 else { fail("\(path): \(String(cString: strerror(errno)))") }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = read(file, &buffer, buffer.count)
        guard count > 0 else { return bytes }
        bytes += buffer[..<count]
    }
}

func fail(_ text: String) -> Never {
    let line = Array("bayes-eval-runner: \(text)\n".utf8)
    _ = write(2, line, line.count)
    exit(1)
}

func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

struct Run {
    struct Line {
        var number: String
        var isSpam: Bool
    }

    var name: String
    var train: [Line] = []
    var test: [Line] = []
}

func readRuns(_ path: String) -> [Run] {
    var runs: [Run] = []
    for line in String(decoding: readFile(path), as: UTF8.self).split(separator: "\n") {
        let fields = line.split(separator: "\t").map(String.init)
        guard fields.count == 4 else { fail("\(path): not four fields: \(line)") }
        if runs.last?.name != fields[0] { runs.append(Run(name: fields[0])) }
        let entry = Run.Line(number: fields[1], isSpam: fields[3] == "spam")
        if fields[2] == "train" {
            runs[runs.count - 1].train.append(entry)
        } else {
            runs[runs.count - 1].test.append(entry)
        }
    }
    return runs
}

/// The tokens of each message, read once.
struct Mailbox {
    private let directory: String
    private var extractor = TokenExtractor()
    private var known: [String: Features] = [:]

    init(_ directory: String) { self.directory = directory }

    mutating func features(_ number: String) -> Features {
        if let features = known[number] { return features }
        let message = Mbox.canonical(readFile("\(directory)/\(number)"))
        let features = Features(tokens: extractor.tokens(of: message.span).tokens)
        known[number] = features
        return features
    }
}

/// What a store keeps of what a run learns, and how many messages it passed over as nearly alike.
func learn(
    _ run: Run, _ mailbox: inout Mailbox, _ store: BayesStore
) throws -> (examples: [CommitteeTrainer.Example], repeated: Int) {
    try store.clear()
    var batch = try store.beginBatch(at: 0)
    var repeated = 0
    for isSpam in [true, false] {
        // The place in the order of time is date enough.
        let lessons = run.train.enumerated().filter { $0.element.isSpam == isSpam }.map { place, message in
            Lesson(id: message.number, features: mailbox.features(message.number), date: UInt32(place + 1))
        }
        let outcomes = try store.learn(lessons, asSpam: isSpam, batch: &batch, time: 0)
        repeated += outcomes.count { $0 == .repeated }
    }
    return (try store.examples(), repeated)
}

func judge(_ run: Run, _ mailbox: inout Mailbox, _ store: BayesStore, _ line: (String) -> Void) throws {
    let start = seconds()
    let (examples, repeated) = try learn(run, &mailbox, store)
    guard let memory = LearntMemory(examples) else { fail("run \(run.name) lacks a class") }
    line("mailreeve\t\(run.name)\tlearn\t\(seconds() - start)\t\(examples.count)")
    line("mailreeve\t\(run.name)\trepeated\t\(repeated)\t\(repeated)")
    let loudest = Double(Committee.loudest)
    for message in run.test {
        let features = mailbox.features(message.number)
        let judgement = memory.judge(features)
        let end = "\(run.name)\t\(message.number)\t\(message.isSpam ? "spam" : "ham")\t"
        line("mailreeve\t\(end)\(judgement.probability)")
        line("classical\t\(end)\(judgement.classical)")
        let margins = memory.margins(features)
        for view in EvidenceView.allCases {
            let margin = Double(margins[view.rawValue])
            let voice = Committee.voices[view.rawValue]
            let others = Committee.voices.reduce(1, +) * judgement.margin
            line("only-\(view)\t\(end)\(margin)")
            line("without-\(view)\t\(end)\(others - voice * min(max(margin, -loudest), loudest))")
        }
    }
}

let arguments = CommandLine.arguments
guard arguments.count == 4 else { fail("usage: bayes-eval-runner MESSAGES RUNS OUT") }
var mailbox = Mailbox(arguments[1])
guard let output = fopen(arguments[3], "w") else { fail("\(arguments[3]): \(String(cString: strerror(errno)))") }
do {
    let store = BayesStore(try LMDBStore(directory: arguments[3] + ".store"))
    for run in readRuns(arguments[2]) {
        try judge(run, &mailbox, store) { text in
            fputs(text + "\n", output)
        }
    }
} catch {
    fail("\(error)")
}
fclose(output)
