import Bayes
import Configuration
import Gateway
import Glibc
import Linux
import NIOPosix
import Scoring

/// Learning from files: while one chunk of messages is written, the workers read the tokens of the next.
struct LearnRun {
    /// Messages that are written in one transaction.
    private static let chunk = 1000

    let options: LearnOptions
    let store: BayesStore
    let reader: TokenReader

    /// Messages that changed the store.
    private(set) var done = 0
    private(set) var examined = 0
    private(set) var skipped = 0
    /// Messages that taught nothing because too many nearly like them were learnt.
    private(set) var repeated = 0
    private(set) var batch: BatchRecord?

    private var lessons: [Lesson] = []
    private var writing: Task<Written, any Error>?
    private let now = UInt32(clamping: time(nil))
    private let showsBar: Bool

    private struct Written: Sendable {
        var done: Int
        var repeated = 0
        var batch: BatchRecord?
    }

    init(options: LearnOptions, store: BayesStore, reader: TokenReader) {
        self.options = options
        self.store = store
        self.reader = reader
        showsBar = options.showsProgress && isatty(2) == 1
    }

    mutating func learn(_ files: [LearnOptions.Target], _ source: LearnSource) async throws {
        var lesson: LearnOptions.Lesson?
        for (index, file) in files.enumerated() {
            if let lesson, file.lesson != lesson { try await flush(lesson, last: true) }
            lesson = file.lesson
            let mails: [LearnMail]
            do throws(SystemError) {
                mails = try source.messages(file)
            } catch {
                source.complaints.add("\(error)")
                continue
            }
            try await take(mails, file.lesson ?? .spam, source)
            show(index + 1, of: files.count)
        }
        if let lesson { try await flush(lesson, last: true) }
        if showsBar || options.showsDots { Terminal.write([0x0A], to: 2) }
        if !options.postponesCounting, done > 0 {
            let store = store
            _ = try await NIOThreadPool.singleton.runIfActive { try store.solveIfDue() }
        }
    }

    /// Reads the tokens of the messages of one file, as many at one time as there are workers for.
    private mutating func take(
        _ mails: [LearnMail], _ lesson: LearnOptions.Lesson, _ source: LearnSource
    ) async throws {
        let limit =
            options.largestMessage == 0 ? reader.largestMessage : min(options.largestMessage, reader.largestMessage)
        var next = 0
        while next < mails.count {
            let end = min(mails.count, next + Self.chunk)
            let part = mails[next..<end].filter { $0.bytes.count <= limit }
            skipped += end - next - part.count
            next = end
            for answer in await Self.answers(part, reader) {
                examined += 1
                let mail = part[answer.place]
                if let failure = answer.failure {
                    source.complaints.add("\(mail.name): \(failure)")
                    continue
                }
                lessons.append(Lesson(id: mail.id, features: Features(tokens: answer.tokens), date: mail.date))
                if options.showsDots { Terminal.write([0x2E], to: 2) }
            }
            if lessons.count >= Self.chunk { try await flush(lesson, last: false) }
        }
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

    private static func answers(_ mails: [LearnMail], _ reader: TokenReader) async -> [Answer] {
        await withTaskGroup(of: Answer.self) { group in
            var answers: [Answer] = []
            answers.reserveCapacity(mails.count)
            for (place, mail) in mails.enumerated() {
                if place >= reader.parallel, let answer = await group.next() { answers.append(answer) }
                let bytes = mail.bytes
                group.addTask { await answer(place, bytes, reader) }
            }
            for await answer in group { answers.append(answer) }
            return answers.sorted { $0.place < $1.place }
        }
    }

    /// Begins to write what was collected, after what is being written; `last` waits for it.
    private mutating func flush(_ lesson: LearnOptions.Lesson, last: Bool) async throws {
        try await finishWriting()
        if !lessons.isEmpty {
            let (store, now, lessons) = (store, now, lessons)
            let countsNow = !options.postponesCounting
            let current = batch
            self.lessons = []
            writing = Task {
                try await NIOThreadPool.singleton.runIfActive {
                    try Self.write(lessons, lesson, store, current, now, countsNow)
                }
            }
        }
        if last { try await finishWriting() }
    }

    private mutating func finishWriting() async throws {
        guard let task = writing else { return }
        writing = nil
        let written = try await task.value
        done += written.done
        repeated += written.repeated
        batch = written.batch ?? batch
    }

    private static func write(
        _ lessons: [Lesson], _ lesson: LearnOptions.Lesson, _ store: BayesStore, _ current: BatchRecord?,
        _ now: UInt32, _ countsNow: Bool
    ) throws -> Written {
        if lesson == .forget {
            let outcomes = try store.forget(lessons, time: now)
            return Written(done: outcomes.count { $0 == .forgotten }, batch: nil)
        }
        var batch = try current ?? store.beginBatch(at: UInt64(now))
        let outcomes = try store.learn(
            lessons, asSpam: lesson == .spam, batch: &batch, time: now, countsNow: countsNow)
        return Written(
            done: outcomes.count { $0 == .learned || $0 == .relearned }, repeated: outcomes.count { $0 == .repeated },
            batch: batch)
    }

    private func show(_ number: Int, of count: Int) {
        guard showsBar else { return }
        let width = 40
        let filled = count == 0 ? width : number * width / count
        let bar = String(repeating: "=", count: filled) + String(repeating: " ", count: width - filled)
        Terminal.write(Array("\r[\(bar)] \(number)/\(count) files, \(examined) messages".utf8), to: 2)
    }
}
