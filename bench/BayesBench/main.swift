// Measures a store of learnt mail: bayes-bench make PLACE [MESSAGES], bayes-bench judge PLACE [MESSAGES]
//
// PLACE is a directory, or SOCKET#PREFIX for Redis. `make` learns messages of about 1,500 tokens and solves the machines; `judge` opens the store and judges other messages of the kind. Two commands, so that the memory of
// learning is not counted as that of judging.
import Bayes
import Glibc
import Linux
import Scoring

/// Messages that are made of their number: most tokens from a large vocabulary in which few words are frequent, and some that no other has.
struct Mail {
    private var state: UInt64
    private let number: UInt64
    private let isSpam: Bool

    init(_ number: Int) {
        self.number = UInt64(number)
        isSpam = number % 2 == 0
        state = UInt64(number) &* 0x9E37_79B9_7F4A_7C15 | 1
    }

    private mutating func random() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    mutating func keys() -> [TokenKey] {
        var keys: Set<TokenKey> = []
        for (tokenClass, count) in [(TokenClass.word, 400), (.header, 200), (.link, 200), (.pair, 400), (.gram, 400)] {
            for index in 0..<count {
                // As often of the first 16 words as of the first 32, 64 and so on; one word in three is of the class's own.
                let common = random() % (1 << (4 + random() % 15))
                let isNew = index % 4 == 3 && tokenClass.isCounted
                var hash = isNew ? 1 << 40 | number << 12 | UInt64(index) : common
                if index % 3 == 0 { hash |= isSpam ? 1 << 50 : 1 << 51 }
                // Spread over all bits, as tokens are.
                hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
                hash = (hash ^ hash >> 33) &* 0xC4CE_B9FE_1A85_EC53
                keys.insert(TokenKey(tokenClass.rawValue) << 36 | (hash ^ hash >> 33) >> 28)
            }
        }
        return keys.sorted()
    }
}

func open(_ place: String) throws -> any KeyValueStore {
    guard let mark = place.firstIndex(of: "#") else { return try LMDBStore(directory: place) }
    let server = RedisServer(address: .unix(path: String(place[..<mark])), timeout: 20_000)
    return RedisStore(server, prefix: String(place[place.index(after: mark)...]))
}

func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

func seconds() -> Double { Double(monotonicNow()) / 1e9 }

/// A line of /proc/self/status in kB.
func memory(_ name: String) -> Int {
    guard let file = fopen("/proc/self/status", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, 256, file) != nil {
        let text = line.withUnsafeBufferPointer {
            String(decoding: $0.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
        }
        if text.hasPrefix(name + ":") {
            return Int(text.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first ?? "") ?? 0
        }
    }
    return 0
}

func rounded(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }

func make(_ place: String, _ count: Int) throws {
    let store = BayesStore(try open(place), limits: BayesStore.Limits(tokens: 2_000_000))
    var batch = try store.beginBatch(at: 1)
    let start = seconds()
    for first in stride(from: 0, to: count, by: 1000) {
        for isSpam in [true, false] {
            let lessons = (first..<min(first + 1000, count)).filter { ($0 % 2 == 0) == isSpam }.map { number in
                var mail = Mail(number)
                return Lesson(id: "m\(number)", keys: mail.keys(), date: UInt32(1_700_000_000 + number))
            }
            _ = try store.learn(lessons, asSpam: isSpam, batch: &batch, time: UInt32(1_700_000_000 + first))
        }
    }
    let learnt = seconds()
    try store.solve()
    let totals = try store.totals()
    print("\(count) messages counted and written: \(rounded((learnt - start) * 1000 / Double(count))) ms each")
    print("machines solved: \(rounded((seconds() - learnt) * 1000 / Double(count))) ms a message")
    print("the store holds \(totals.tokens) tokens and \(totals.weights) weights")
}

func judge(_ place: String, _ count: Int) throws {
    let opening = seconds()
    let store = BayesStore(try open(place))
    _ = try store.totals()
    print("opened and its totals read: \(rounded((seconds() - opening) * 1000)) ms")
    let messages = (0..<count).map { number in
        var mail = Mail(10_000_000 + number)
        return Features(keys: mail.keys())
    }
    let before = memory("RssAnon")
    let (start, startTime) = (seconds(), processorTime())
    var right = 0
    for (number, features) in messages.enumerated() {
        guard let judgement = try store.judge(features) else { throw StoreError.failed("too little was learnt") }
        if (judgement.probability > 0.5) == (number % 2 == 0) { right += 1 }
    }
    let (elapsed, used) = (seconds() - start, processorTime() - startTime)
    print(
        "\(count) messages looked up and judged: \(rounded(used * 1000 / Double(count))) ms of processor time each, "
            + "\(rounded(elapsed * 1000 / Double(count))) ms elapsed (\(right) rightly)")
    print("memory of the process: \(before) kB before judging, \(memory("RssAnon")) kB after it")
    print("pages of the file that it looked at: \(memory("RssFile") + memory("RssShmem")) kB")
}

let arguments = CommandLine.arguments
guard arguments.count >= 3 else {
    print("usage: bayes-bench make|judge DIRECTORY|SOCKET#PREFIX [MESSAGES]")
    exit(64)
}
do {
    let count = arguments.count > 3 ? Int(arguments[3]) ?? 1 : nil
    switch arguments[1] {
    case "make": try make(arguments[2], count ?? 10_000)
    case "judge": try judge(arguments[2], count ?? 4000)
    default: exit(64)
    }
} catch {
    print("bayes-bench: \(error)")
    exit(1)
}
