import Gateway
import Glibc
import Linux
import MIME

/// One message that is to be learnt.
struct LearnMail: Sendable {
    /// File and number, for complaints.
    var name: String
    /// With CRLF line ends.
    var bytes: [UInt8]
    /// What it is known by, see `MessageIdentity`.
    var id: String
    /// When it came, in seconds since 1970; 0 where it does not say.
    var date: UInt32
    /// Octets of all files up to here, as they lie there.
    var position: Int
}

/// The messages of all files, in their order: of a mailbox only what is worked on is in memory.
struct LearnFeed {
    /// Messages that are given out, and written in one transaction, at one time.
    private static let messages = 1000
    /// Octets of messages that are given out at one time; one message more may come. Twice as many are in memory: what is worked
    /// on, and what comes next.
    private static let octets = 16 << 20

    /// Messages of one lesson.
    struct Batch: Sendable {
        var lesson: LearnOptions.Lesson?
        var mails: [LearnMail] = []
        /// Messages over the limit.
        var skipped = 0
        /// Files without an octet: looked at, no message.
        var empty = 0
    }

    private enum Form: String {
        case message, mbox, mbx
    }

    /// A file that is being read.
    private struct Reading {
        let file: LearnFile
        var input: LearnInput
        let form: Form
        let isEmpty: Bool
        var cutter: any MessageCutter
        var number = 0

        init(_ file: LearnFile, _ input: LearnInput, _ form: Form, limit: Int) {
            self.file = file
            self.input = input
            self.form = form
            isEmpty = input.mark.isEmpty
            cutter =
                switch form {
                case .message: SingleMessage(limit: limit)
                case .mbox: MboxCutter(limit: limit)
                case .mbx: MbxCutter(limit: limit)
                }
        }
    }

    private struct Found {
        let message: CutMessage
        let form: Form
        let name: String
        let position: Int
    }

    private var files: ArraySlice<LearnFile>
    private let limit: Int
    private let largest: Int
    private let compression: Compression
    private let markup: FilterMarkup
    private let tags: SubjectTags
    private let debug: LearnDebug
    private var reading: Reading?
    private var finished = 0

    /// - Parameters:
    ///   - limit: octets of the largest message, as it lies there.
    ///   - largest: with CRLF line ends.
    ///   - tags: what is taken off subjects.
    init(
        _ files: [LearnFile], limit: Int, largest: Int, compression: Compression, markup: FilterMarkup,
        tags: SubjectTags, debug: LearnDebug
    ) {
        self.files = files[...]
        self.limit = limit
        self.largest = largest
        self.markup = markup
        self.compression = compression
        self.tags = tags
        self.debug = debug
    }

    /// The next messages; nil behind the last. Blocks.
    mutating func next() -> Batch? {
        var batch = Batch()
        var octets = 0
        while batch.mails.count < Self.messages, octets < Self.octets {
            if reading == nil {
                guard let file = files.first else { break }
                let isBegun = !batch.mails.isEmpty || batch.skipped > 0 || batch.empty > 0
                if isBegun, file.lesson != batch.lesson { return batch }
                batch.lesson = file.lesson
                files.removeFirst()
                open(file)
            }
            guard reading != nil else { continue }
            batch.lesson = reading?.file.lesson
            for message in nextMessages() { add(message, to: &batch, &octets) }
        }
        return batch.mails.isEmpty && batch.skipped == 0 && batch.empty == 0 ? nil : batch
    }

    private mutating func open(_ file: LearnFile) {
        do throws(SystemError) {
            let input = try LearnInput(file.path, compression)
            guard let form = Self.form(input.mark, file.format) else {
                if !input.mark.isEmpty { complain(file) }
                return close(file)
            }
            debug.say(.archiveIterator, "\(LearnSource.shown(file.path)): \(form.rawValue), \(file.size) octets")
            reading = Reading(file, input, form, limit: limit)
        } catch {
            LearnSource.complain("\(LearnSource.shown(file.path)): \(error)")
            close(file)
        }
    }

    private func complain(_ file: LearnFile) {
        LearnSource.complain("\(LearnSource.shown(file.path)) is not of the form \(file.format.rawValue)")
    }

    /// The form of what begins like this; nil where another one was said to be.
    private static func form(_ mark: [UInt8], _ said: LearnOptions.Format) -> Form? {
        if mark.starts(with: MbxCutter.mark) { return .mbx }
        switch said {
        case .mbx: return nil
        case .file: return .message
        case .mbox: return .mbox
        case .detect, .dir: return Mbox.isMbox(mark.span) ? .mbox : .message
        }
    }

    private mutating func close(_ file: LearnFile) {
        finished += file.size
        reading = nil
    }

    /// The messages that end in the next piece of the file.
    private mutating func nextMessages() -> [Found] {
        // Taken out: beside a second owner each piece would copy all that was read of the message before it.
        guard var current = reading.take() else { return [] }
        var cut: [CutMessage] = []
        var isAtEnd = false
        do throws(SystemError) {
            let bytes = try current.input.next()
            isAtEnd = bytes.isEmpty
            if isAtEnd {
                if let warning = current.input.warning {
                    LearnSource.complain("\(LearnSource.shown(current.file.path)): \(warning)")
                }
                current.cutter.finish { cut.append($0) }
            } else {
                current.cutter.take(bytes.span) { cut.append($0) }
            }
        } catch {
            // A message that is cut in the middle is not learnt.
            LearnSource.complain("\(LearnSource.shown(current.file.path)): \(error)")
            isAtEnd = true
        }
        let position = finished + min(current.input.position, current.file.size)
        var found: [Found] = []
        let name = cut.isEmpty ? "" : LearnSource.shown(current.file.path)
        for message in cut {
            current.number += 1
            let number = current.form == .message ? "" : " message \(current.number)"
            found.append(Found(message: message, form: current.form, name: name + number, position: position))
        }
        reading = current
        if isAtEnd {
            if current.form == .mbox, current.number == 0, !current.isEmpty { complain(current.file) }
            close(current.file)
        }
        return found
    }

    private func add(_ found: Found, to batch: inout Batch, _ octets: inout Int) {
        switch found.message {
        case .damaged: LearnSource.complain("\(found.name): the mailbox is damaged from here on")
        case .tooLarge: passOver(found, &batch)
        case .whole(let raw):
            let bytes = tags.removed(from: markup.removed(from: Self.message(raw, found.form)))
            if bytes.isEmpty {
                batch.empty += 1
                debug.say(.archiveIterator, "\(found.name): empty")
            } else if bytes.count > largest {
                passOver(found, &batch)
            } else {
                octets += bytes.count
                batch.mails.append(
                    LearnMail(
                        name: found.name, bytes: bytes, id: MessageIdentity.of(bytes.span),
                        date: MessageIdentity.date(of: bytes.span), position: found.position))
            }
        }
    }

    private func passOver(_ found: Found, _ batch: inout Batch) {
        batch.skipped += 1
        debug.say(.archiveIterator, "\(found.name): too large")
    }

    /// A message as it was before it was put into a mailbox or a file. A program may have changed the line ends of some of its
    /// lines, or have put a byte order mark before it: that makes it no other message.
    private static func message(_ raw: [UInt8], _ form: Form) -> [UInt8] {
        let text = Mbox.withCRLF(raw)
        switch form {
        case .mbx: return text
        case .mbox: return Mbox.unquoted(text.span)
        case .message:
            let mark = text.starts(with: Mbox.byteOrderMark) ? Mbox.byteOrderMark.count : 0
            let start = Mbox.leadingLine(text.span, from: mark)
            return start == 0 ? text : Array(text[start...])
        }
    }
}
