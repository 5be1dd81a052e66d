@testable import Gateway
import Testing
import TestSupport

/// Random sequences of events: whatever happens in whatever order, the rules hold and no request is forgotten.
@Suite struct PoolPropertyTests {
    @Test(arguments: 0..<40)
    func rulesHoldForRandomEvents(block: Int) {
        for seed in (block * 25)..<(block * 25 + 25) {
            var run = RandomRun(seed: UInt64(seed))
            run.events(count: 250)
            run.finish()
            if !run.pool.violations.isEmpty {
                Issue.record(
                    "seed \(seed): \(run.pool.violations.prefix(3))\n\(run.history.suffix(12).joined(separator: "\n"))")
                return
            }
        }
    }
}

private struct RandomRun {
    private(set) var pool: PoolModel
    private(set) var history: [String] = []
    private var random: SeededGenerator
    private var nextRequest = 1
    private var nextGeneration = 1
    private let misbehaves: Bool

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        let workers = Int.random(in: 1...4, using: &random)
        pool = PoolModel(
            workers: workers, spares: Int.random(in: 0...3, using: &random),
            messages: Int.random(in: 1...6, using: &random))
        // Some runs are calm, so that long undisturbed service is seen too.
        misbehaves = Bool.random(using: &random)
    }

    private mutating func pick<Element>(_ elements: [Element]) -> Element? { elements.randomElement(using: &random) }

    private mutating func worker(_ wanted: (PoolModel.Worker) -> Bool) -> WorkerID? {
        pick(pool.workers.filter { wanted($0.value) }.keys.sorted())
    }

    private mutating func generation() -> Int? { pick(pool.generations.sorted()) }

    mutating func events(count: Int) {
        for _ in 0..<count where pool.violations.isEmpty { event() }
    }

    private mutating func event() {
        switch Int.random(in: 0..<(misbehaves ? 27 : 18), using: &random) {
        case 0...4:
            let named =
                Int.random(in: 0..<6, using: &random) == 0 ? Int.random(in: 0...nextGeneration, using: &random) : nil
            let request = nextRequest
            run("submit \(request) to \(String(describing: named))") { pool, random in
                pool.submit(request, seconds: Int.random(in: 0...20, using: &random), generation: named)
            }
            nextRequest += 1
        case 5...8:
            guard let id = worker({ $0 == .starting }) else { return }
            run("ready \(id)") { pool, _ in pool.ready(id) }
        case 9...12:
            guard let id = worker({ if case .busy = $0 { true } else { false } }) else { return }
            let keep = Int.random(in: 0..<5, using: &random) > 0
            run("done \(id) \(keep)") { pool, _ in pool.done(id, keep: keep) }
        case 13:
            run("time") { pool, random in pool.pass(nanoseconds: Int.random(in: 1...3_000_000_000, using: &random)) }
        case 14:
            guard pool.generations.count < 4 else { return }
            let number = nextGeneration
            run("launch \(number)") { pool, _ in pool.launch(number) }
            nextGeneration += 1
        case 15...16:
            guard let number = generation() else { return }
            run("load \(number)") { pool, _ in pool.load(number) }
        case 17:
            // As the owner does it: only what has loaded, and is not the one that drains, is promoted.
            guard let number = pool.loaded.intersection(pool.generations).max() else { return }
            run("promote \(number)") { pool, random in
                pool.promote(
                    number, workers: Int.random(in: 1...4, using: &random),
                    spares: Int.random(in: 0...3, using: &random),
                    messages: Int.random(in: 1...6, using: &random))
            }
        case 26:
            guard let id = worker({ $0 == .starting }) else { return }
            run("without room \(id)") { pool, _ in pool.withoutRoom(id) }
        case 18...19:
            guard let id = worker({ _ in true }) else { return }
            run("broken \(id)") { pool, _ in pool.broken(id) }
        case 20:
            let id = WorkerID(
                generation: Int.random(in: 0...nextGeneration, using: &random),
                number: Int.random(in: 0...20, using: &random))
            run("nonsense of \(id)") { pool, random in
                if Bool.random(using: &random) {
                    pool.ready(id)
                } else {
                    pool.done(id, keep: Bool.random(using: &random))
                }
            }
        case 21:
            guard let number = generation() else { return }
            run("die \(number)") { pool, _ in pool.die(number) }
        case 22:
            guard let number = generation() else { return }
            run("retire \(number)") { pool, _ in pool.retire(number) }
        case 23...24:
            guard let id = worker({ if case .busy = $0 { true } else { false } }) else { return }
            run("engine in \(id)") { pool, _ in pool.inEngine.formSymmetricDifference([id]) }
        default:
            guard let id = worker({ $0 == .starting }) else { return }
            run("failed start of \(id)") { pool, _ in pool.broken(id) }
        }
    }

    private mutating func run(_ name: String, _ body: (inout PoolModel, inout SeededGenerator) -> Void) {
        body(&pool, &random)
        history.append("\(name): \(pool.actions)")
    }

    /// In the end the pool must still be able to serve, and with time every request ends.
    mutating func finish() {
        guard pool.violations.isEmpty else { return }
        let number = nextGeneration
        run("launch \(number)") { pool, _ in
            pool.launch(number)
            pool.load(number)
            pool.promote(number, workers: 2)
        }
        let last = nextRequest
        // 20 s is the longest time of any request, and a pause is 1 s.
        for _ in 0..<400 where pool.violations.isEmpty && pool.requests.values.contains(where: { $0.end == nil }) {
            run("time") { pool, _ in
                pool.readyAll()
                pool.pass(nanoseconds: 1_000_000_000)
            }
        }
        run("settled") { pool, _ in
            pool.readyAll()
            pool.submit(last, seconds: 60)
        }
        #expect(pool.requests.filter { $0.key != last }.allSatisfy { $0.value.end != nil }, "every request ends")
        #expect(pool.worker(of: last)?.generation == number, "the pool serves")
        run("close") { pool, _ in pool.close() }
    }
}
