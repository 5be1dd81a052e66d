import Gateway
import Synchronization

/// The messages of one batch whose tokens are being read, as many at one time as there are workers for.
struct TokenBatch: Sendable {
    /// The tokens of one message, or why there are none.
    struct Answer: Sendable {
        var place: Int
        var tokens: Result<[UInt64], any Error>
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
        let queue = Queue(batch.mails, reader)
        Task {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<min(reader.parallel, max(1, batch.mails.count)) {
                    group.addTask {
                        while let places = queue.next() {
                            let mails = batch.mails[places]
                            for (place, read) in zip(places, await reader.tokens(of: mails.map(\.bytes))) {
                                answer.yield(Answer(place: place, tokens: read))
                            }
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

    /// Messages that no task has taken yet, in the pieces in which the workers get them.
    private final class Queue: Sendable {
        private let pieces: [Range<Int>]
        private let taken = Atomic<Int>(0)

        init(_ mails: [LearnMail], _ reader: TokenReader) {
            var pieces: [Range<Int>] = []
            var start = 0
            var octets = 0
            for place in mails.indices {
                let size = mails[place].bytes.count
                if place > start, place - start == reader.messagesAtOnce || octets + size > reader.octetsAtOnce {
                    pieces.append(start..<place)
                    (start, octets) = (place, 0)
                }
                octets += size
            }
            if start < mails.count { pieces.append(start..<mails.count) }
            self.pieces = pieces
        }

        func next() -> Range<Int>? {
            let place = taken.add(1, ordering: .relaxed).oldValue
            return place < pieces.count ? pieces[place] : nil
        }
    }
}
