import Bayes
import Gateway
import Glibc
import Linux
import NIOPosix
import Scoring
import Synchronization

/// Reading, learning and writing: while the messages of one batch are written, the workers read the tokens of the next.
struct LearnRun {
    /// A message with what was taken from it.
    struct Taken {
        var mail: LearnMail
        var tokens: [UInt64]
    }

    /// Messages that were looked at, those that could not be, those of too many octets, those that taught nothing because too many
    /// nearly like them were learnt, and those that changed the store.
    private(set) var examined = 0
    private(set) var failed = 0
    private(set) var skipped = 0
    private(set) var repeated = 0
    private(set) var done = 0
    private(set) var batch: BatchRecord?
    /// Octets of the largest message that is taken, as it lies there.
    let limit: Int

    private let reader: TokenReader
    private let feed: Feed
    /// What comes next, read while the workers are busy with what came before.
    private var ahead: Task<TokenBatch?, any Error>?
    private var progress: LearnProgress
    private var writing: Task<Written, any Error>?
    private let now = UInt32(clamping: time(nil))

    /// Reading files waits for disks and pipes: on threads that may.
    private final class Feed: Sendable {
        private let feed: Mutex<LearnFeed>

        init(_ feed: sending LearnFeed) {
            self.feed = Mutex(feed)
        }

        func next() async throws -> LearnFeed.Batch? {
            try await NIOThreadPool.singleton.runIfActive { self.feed.withLock { $0.next() } }
        }
    }

    /// What was learnt last, to see whether it was heard.
    private var taught: [(lesson: Lesson, isSpam: Bool)] = []
    private static let remembered = 1000

    /// What is written of a message.
    private struct Learnt: Sendable {
        var name: String
        var id: String
        var date: UInt32
        var tokens: [UInt64]
    }

    private struct Written: Sendable {
        var lessons: [Lesson]
        var lesson: LearnOptions.Lesson
        /// As the files are called.
        var names: [String]
        var outcomes: [LessonOutcome]
        var batch: BatchRecord?
    }

    private let debug: LearnDebug

    init(
        _ files: [LearnFile], _ options: LearnOptions, reader: TokenReader, compression: Compression,
        markup: FilterMarkup, tags: SubjectTags
    ) {
        self.reader = reader
        debug = options.debug
        let wanted = options.largestMessage == 0 ? reader.largestMessage : options.largestMessage
        limit = min(wanted, reader.largestMessage)
        feed = Feed(
            LearnFeed(
                files, limit: limit, largest: reader.largestMessage, compression: compression, markup: markup,
                tags: tags,
                debug: debug))
        progress = LearnProgress(options, total: files.reduce(0) { $0 + $1.size })
    }

    /// Learns or forgets all messages.
    /// - Parameters:
    ///   - countsNow: false leaves counting to the next `--sync`.
    ///   - isInterrupted: true ends it behind what is being written; the machines are solved by the next run then.
    mutating func learn(
        into store: BayesStore, countsNow: Bool, until isInterrupted: () -> Bool
    ) async throws {
        while !isInterrupted(), let (lesson, taken) = try await next() {
            try await finishWriting()
            if isInterrupted() { break }
            // What it reads as is not needed any more.
            let messages = taken.map {
                Learnt(name: $0.mail.name, id: $0.mail.id, date: $0.mail.date, tokens: $0.tokens)
            }
            let (now, current) = (now, batch)
            writing = Task {
                try await NIOThreadPool.singleton.runIfActive {
                    try Self.write(messages, lesson, store, current, now, countsNow)
                }
            }
        }
        try await finishWriting()
        if countsNow, done > 0, !isInterrupted() {
            let taught = taught
            let isSolved = try await NIOThreadPool.singleton.runIfActive { try store.solveIfDue(after: taught) }
            if isSolved { debug.say(.bayes, "solved the machines") }
        }
    }

    /// The next messages with their tokens, in their order; nil behind the last.
    mutating func next() async throws -> (lesson: LearnOptions.Lesson, taken: [Taken])? {
        guard let coming = try await (ahead ?? following(nil)).value else {
            progress.finish(messages: examined)
            return nil
        }
        ahead = following(coming)
        let batch = coming.batch
        skipped += batch.skipped
        examined += batch.empty
        var answers = [TokenBatch.Answer?](repeating: nil, count: batch.mails.count)
        for await answer in coming.answers {
            answers[answer.place] = answer
            if case .success = answer.tokens { examined += 1 } else { failed += 1 }
            progress.advance(position: batch.mails[answer.place].position, messages: examined)
        }
        let taken = answers.compactMap { answer -> Taken? in
            guard let answer else { return nil }
            switch answer.tokens {
            case .success(let tokens): return Taken(mail: batch.mails[answer.place], tokens: tokens)
            case .failure(let error):
                LearnSource.complain("\(batch.mails[answer.place].name): \(error)")
                return nil
            }
        }
        return (batch.lesson ?? .spam, taken)
    }

    /// What comes behind a batch, read from its file at once and given to the workers behind the last message of that batch.
    private func following(_ batch: TokenBatch?) -> Task<TokenBatch?, any Error> {
        let (feed, reader) = (feed, reader)
        return Task {
            guard let next = try await feed.next() else { return nil }
            await batch?.allGiven()
            return TokenBatch(next, reader)
        }
    }

    // MARK: - Writing

    private mutating func finishWriting() async throws {
        guard let task = writing else { return }
        writing = nil
        let written = try await task.value
        done += written.outcomes.count { $0 != .known && $0 != .repeated }
        repeated += written.outcomes.count { $0 == .repeated }
        for ((lesson, name), outcome) in zip(zip(written.lessons, written.names), written.outcomes) {
            debug.say(.learn, "\(name): \(lesson.id): \(Self.words(outcome))")
        }
        batch = written.batch ?? batch
        if written.lesson != .forget {
            taught = (taught + written.lessons.map { ($0, written.lesson == .spam) }).suffix(Self.remembered)
        }
    }

    private static func words(_ outcome: LessonOutcome) -> String {
        switch outcome {
        case .learned: "learned"
        case .relearned: "forgotten in the other class and learned"
        case .known: "nothing to do"
        case .forgotten: "forgotten"
        case .repeated: "too many nearly like it are known"
        }
    }

    private static func write(
        _ messages: [Learnt], _ lesson: LearnOptions.Lesson, _ store: BayesStore, _ current: BatchRecord?,
        _ now: UInt32,
        _ countsNow: Bool
    ) throws -> Written {
        let lessons = messages.map { Lesson(id: $0.id, features: Features(tokens: $0.tokens), date: $0.date) }
        var written = Written(lessons: lessons, lesson: lesson, names: messages.map(\.name), outcomes: [])
        if lesson == .forget {
            written.outcomes = try store.forget(lessons, time: now)
            return written
        }
        var batch = try current ?? store.beginBatch(at: UInt64(now), by: .person)
        written.outcomes = try store.learn(
            lessons, asSpam: lesson == .spam, batch: &batch, time: now, countsNow: countsNow)
        written.batch = batch
        return written
    }
}
