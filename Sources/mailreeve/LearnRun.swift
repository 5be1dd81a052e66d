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

    /// Messages that were looked at, those of too many octets, those that taught nothing because too many nearly like them
    /// were learnt, and those that changed the store.
    private(set) var examined = 0
    private(set) var skipped = 0
    private(set) var repeated = 0
    private(set) var done = 0
    private(set) var batch: BatchRecord?
    /// Octets of the largest message that is taken, as it lies there.
    let limit: Int

    private let reader: TokenReader
    private let feed: Feed
    /// What comes next, read while the workers are busy with what came before.
    private var ahead: Task<LearnFeed.Batch?, any Error>?
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

    private struct Written: Sendable {
        var lessons: [Lesson]
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
    /// - Parameter countsNow: false leaves counting to the next `--sync`.
    mutating func learn(into store: BayesStore, countsNow: Bool) async throws {
        while let (lesson, taken) = try await next() {
            let lessons = taken.map {
                Lesson(id: $0.mail.id, features: Features(tokens: $0.tokens), date: $0.mail.date)
            }
            try await finishWriting()
            if lesson != .forget {
                taught = (taught + lessons.map { ($0, lesson == .spam) }).suffix(Self.remembered)
            }
            let (now, current, names) = (now, batch, taken.map(\.mail.name))
            writing = Task {
                try await NIOThreadPool.singleton.runIfActive {
                    try Self.write(lessons, names, lesson, store, current, now, countsNow)
                }
            }
        }
        try await finishWriting()
        if countsNow, done > 0 {
            let taught = taught
            let isSolved = try await NIOThreadPool.singleton.runIfActive { try store.solveIfDue(after: taught) }
            if isSolved { debug.say(.bayes, "solved the machines") }
        }
    }

    /// The next messages with their tokens, in their order; nil behind the last.
    mutating func next() async throws -> (lesson: LearnOptions.Lesson, taken: [Taken])? {
        let feed = feed
        let coming = ahead ?? Task { try await feed.next() }
        ahead = nil
        guard let batch = try await coming.value else {
            progress.finish(messages: examined)
            return nil
        }
        ahead = Task { try await feed.next() }
        skipped += batch.skipped
        examined += batch.empty
        return (batch.lesson ?? .spam, await tokens(batch.mails))
    }

    /// The tokens of messages, as many at one time as there are workers for.
    private mutating func tokens(_ mails: [LearnMail]) async -> [Taken] {
        let reader = reader
        var answers = [Answer?](repeating: nil, count: mails.count)
        await withTaskGroup(of: Answer.self) { group in
            for (place, mail) in mails.enumerated() {
                if place >= reader.parallel, let answer = await group.next() { note(answer, mails, &answers) }
                let bytes = mail.bytes
                group.addTask { await Self.answer(place, bytes, reader) }
            }
            for await answer in group { note(answer, mails, &answers) }
        }
        return answers.compactMap { answer in
            guard let answer else { return nil }
            if let failure = answer.failure {
                LearnSource.complain("\(mails[answer.place].name): \(failure)")
                return nil
            }
            return Taken(mail: mails[answer.place], tokens: answer.tokens)
        }
    }

    private mutating func note(_ answer: Answer, _ mails: [LearnMail], _ answers: inout [Answer?]) {
        answers[answer.place] = answer
        examined += 1
        progress.advance(position: mails[answer.place].position, messages: examined)
    }

    /// The tokens of one message, or why there are none.
    private struct Answer: Sendable {
        var place: Int
        var tokens: [UInt64] = []
        var failure: String?
    }

    private static func answer(_ place: Int, _ bytes: [UInt8], _ reader: TokenReader) async -> Answer {
        do {
            return Answer(place: place, tokens: try await reader.tokens(of: bytes))
        } catch {
            return Answer(place: place, failure: "\(error)")
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
        _ lessons: [Lesson], _ names: [String], _ lesson: LearnOptions.Lesson, _ store: BayesStore,
        _ current: BatchRecord?, _ now: UInt32, _ countsNow: Bool
    ) throws -> Written {
        if lesson == .forget {
            return Written(lessons: lessons, names: names, outcomes: try store.forget(lessons, time: now), batch: nil)
        }
        var batch = try current ?? store.beginBatch(at: UInt64(now))
        let outcomes = try store.learn(
            lessons, asSpam: lesson == .spam, batch: &batch, time: now, countsNow: countsNow)
        return Written(lessons: lessons, names: names, outcomes: outcomes, batch: batch)
    }
}
