/// Takes what a reader finds in one container, and tells it when to stop.
///
/// A reader calls, for each member, either `add` or `begin`, `append` as often as it likes and `end`. As soon as a call
/// returns false (a limit of the message was reached, or time is over) it returns. It may skip content that it need not
/// decode, but no member: names are tested where there is no content.
package protocol MemberSink: AnyObject {
    /// Bounds of each container's reader.
    var limits: ContainerLimits { get }

    /// Octets that may still be decoded; `append` beyond it returns false. A reader that needs a whole buffer at once takes
    /// no more than this.
    var room: Int { get }

    /// A member whose content is a range of the container as it stands. `add` charges it to the budget.
    func add(_ member: Member, range: Range<Int>) -> Bool
    /// A member whose content was decoded into memory of its own; for small ones.
    func add(_ member: Member, content: [UInt8]) -> Bool
    /// A member without content: a directory, a link, an encrypted file.
    func add(_ member: Member) -> Bool

    /// Begins a member whose content comes in pieces.
    func begin(_ member: Member) -> Bool
    /// The next octets of the member that was begun, as many as the reader has at a time (64 KiB is a good size).
    func append(_ piece: Span<UInt8>) -> Bool
    /// Ends the member that was begun. What came before an error is kept: it is scanned too.
    func end()

    /// Charges octets that were decoded and are not handed out: by a wrong password, or to learn what they are.
    func spend(_ octets: Int)

    /// True while there is time and room; for loops that find no member.
    func mayGoOn() -> Bool
    /// What could not be read or is odd.
    func report(_ problem: ContainerProblem)
}

extension MemberSink {
    /// Notes a problem.
    package func report(_ kind: ContainerProblem.Kind, _ detail: String) {
        report(ContainerProblem(kind, detail))
    }

    /// Notes that a limit was reached.
    /// - Parameter what: words of ours for the format.
    package func report(_ limit: ContainerLimit, of what: String = "") {
        report(ContainerProblem(limit, of: what))
    }
}
