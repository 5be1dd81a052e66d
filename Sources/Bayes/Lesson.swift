package import Scoring

/// One message to learn or to forget.
package struct Lesson: Sendable {
    /// Identifies the message, at most `LearntMessage.idSize` octets.
    package var id: String
    /// In ascending order, each once.
    package var keys: [TokenKey]
    /// When the message came, in seconds since 1970; 0 where nobody knows.
    package var date: UInt32
    /// Nobody said that it is to be learnt: it teaches by itself.
    package var isAutomatic: Bool

    package init(id: String, keys: [TokenKey], date: UInt32 = 0, isAutomatic: Bool = false) {
        self.id = id
        self.keys = keys
        self.date = date
        self.isAutomatic = isAutomatic
    }

    package init(id: String, features: Features, date: UInt32, isAutomatic: Bool = false) {
        self.init(id: id, keys: Array(features.taken), date: date, isAutomatic: isAutomatic)
    }
}

/// What became of a lesson.
package enum LessonOutcome: Hashable, Sendable {
    case learned
    /// Had been learnt in the other class, was forgotten and learnt again.
    case relearned
    /// Is learnt already, or for forgetting: is not.
    case known
    case forgotten
    /// As many nearly like it as may be were learnt in the class: it teaches nothing, and nothing is remembered of it.
    case repeated
}

/// Learning that belongs together and can be undone.
package struct BatchRecord: Hashable, Sendable {
    /// Who taught it.
    package enum Teacher: UInt8, Hashable, Sendable {
        /// A person, with mail of one class.
        case person = 1
        /// Mail itself, by what other tests said of it.
        case autolearning = 2
        /// A person, by releasing a message from the quarantine.
        case release = 3
    }

    package var number: UInt64
    /// Seconds since 1970.
    package var time: UInt64
    package var spam: UInt64 = 0
    package var ham: UInt64 = 0
    /// Nothing of it counts any more.
    package var isUndone = false
    /// It was undone as far as its messages were kept; the counts are those of the rest.
    package var isPartlyUndone = false
    /// nil where nobody wrote it down: batches of earlier programs, and restored ones.
    package var teacher: Teacher?

    package init(number: UInt64, time: UInt64, teacher: Teacher? = nil) {
        self.number = number
        self.time = time
        self.teacher = teacher
    }

    /// The last number has the state in its lowest octet and the teacher in the next, 0 for none. Programs that know no teacher read
    /// it, an undone one as if it were not.
    func encoded() -> [UInt8] {
        var out: [UInt8] = []
        let state: UInt64 = isUndone ? 1 : isPartlyUndone ? 2 : 0
        for value in [time, spam, ham, UInt64(teacher?.rawValue ?? 0) << 8 | state] { Octets.append(value, to: &out) }
        return out
    }

    init(number: UInt64, _ bytes: [UInt8]) throws(StoreError) {
        guard bytes.count == 32 else { throw .damaged("a batch of \(bytes.count) octets") }
        self.number = number
        time = Octets.doubleWord(bytes.span, 0)
        spam = Octets.doubleWord(bytes.span, 8)
        ham = Octets.doubleWord(bytes.span, 16)
        isUndone = bytes[24] == 1
        isPartlyUndone = bytes[24] == 2
        teacher = Teacher(rawValue: bytes[25])
    }
}
