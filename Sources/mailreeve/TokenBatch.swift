import Gateway
import Synchronization

/// The messages of one batch whose tokens are being read, as many at one time as there are workers for.
struct TokenBatch: Sendable {
    /// The tokens of one message, or why there are none.
    struct Answer: Sendable {
        var place: Int
        var tokens: [UInt64] = []
        var failure: String?
    }

    let batch: LearnFeed.Batch
    /// In the order in which they come, to be read once; then none is missing.
    let answers: AsyncStream<Answer>
    private let given: AsyncStream<Never>

    /// Starts reading.
    init(_ batch: LearnFeed.Batch, _ reader: TokenReader) {
        self.batch = batch
        let (answers, answer) = AsyncStream.makeStream(of: Answer.self)
        let (given, give) = AsyncStream.makeStream(of: Never.self)
        self.answers = answers
        self.given = given
        let queue = Queue(batch.mails)
        Task {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<min(reader.parallel, max(1, batch.mails.count)) {
                    group.addTask {
                        while let (place, bytes) = queue.next() {
                            answer.yield(await Self.answer(place, bytes, reader))
                        }
                        give.finish()
                    }
                }
            }
            answer.finish()
        }
    }

    /// Returns when the workers have, or had, all messages: others can be given to those that have none. To be called once.
    func allGiven() async {
        for await _ in given {}
    }

    private static func answer(_ place: Int, _ bytes: [UInt8], _ reader: TokenReader) async -> Answer {
        do {
            return Answer(place: place, tokens: try await reader.tokens(of: bytes))
        } catch {
            return Answer(place: place, failure: "\(error)")
        }
    }

    /// Messages that no task has taken yet.
    private final class Queue: Sendable {
        private let mails: [LearnMail]
        private let taken = Atomic<Int>(0)

        init(_ mails: [LearnMail]) {
            self.mails = mails
        }

        func next() -> (place: Int, bytes: [UInt8])? {
            let place = taken.add(1, ordering: .relaxed).oldValue
            return place < mails.count ? (place, mails[place].bytes) : nil
        }
    }
}
