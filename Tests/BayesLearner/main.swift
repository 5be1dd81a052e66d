// Learns without end, for tests that kill it: bayes-learner DIRECTORY, or bayes-learner SOCKET#PREFIX for Redis
//
// With `own` behind it the messages are those of this process alone.
// With `read` behind it: begins to read, says so, and stays there.
// With `fork` behind it: opens the store, forks, and says whether the child may read it.
//
// Each transaction learns ten messages of 20 tokens; a line goes to standard output after each one.
import Bayes
import Glibc
import Scoring

func open(_ place: String) throws -> any KeyValueStore {
    guard let mark = place.firstIndex(of: "#") else { return try LMDBStore(directory: place) }
    let server = RedisServer(address: .unix(path: String(place[..<mark])), timeout: 20_000)
    return RedisStore(server, prefix: String(place[place.index(after: mark)...]))
}

guard CommandLine.arguments.count >= 2 else { exit(64) }
do {
    let store = BayesStore(try open(CommandLine.arguments[1]))
    if CommandLine.arguments.last == "fork" {
        let child = fork()
        if child == 0 {
            do {
                _ = try store.totals()
                _ = write(1, "read\n", 5)
            } catch {
                _ = write(1, "refused\n", 8)
            }
            _exit(0)
        }
        waitpid(child, nil, 0)
        exit(0)
    }
    if CommandLine.arguments.last == "read" {
        try store.store.read { reading throws(StoreError) in
            _ = try reading.count(.messages)
            _ = write(1, "x\n", 2)
            while true { pause() }
        }
    }
    let owner = CommandLine.arguments.last == "own" ? " of \(getpid())" : ""
    var number = Int(try store.totals().nextMessage)
    var batch = try store.beginBatch(at: 1)
    while true {
        let lessons = (0..<10).map { index in
            let keys = (0..<20).map { TokenKey(TokenClass.word.rawValue) << 36 | TokenKey((number + index) * 31 + $0) }
            return Lesson(id: "message \(number + index)\(owner)", keys: Array(Set(keys)).sorted())
        }
        _ = try store.learn(lessons, asSpam: number % 20 < 10, batch: &batch, time: 2)
        number += 10
        _ = write(1, "x\n", 2)
    }
} catch {
    exit(1)
}
