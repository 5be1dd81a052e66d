import Compression
import Members
import Synchronization
import TestSupport
import Testing

@testable import Unpacking

/// Limits at the limit and one above.
@Suite struct BudgetTests {
    @Test func quotaOfAmavis() {
        let limits = UnpackingLimits()
        // max(100 KiB, size x 5, min(300 MiB, size x 500))
        #expect(limits.quota(messageSize: 0) == 102_400)
        #expect(limits.quota(messageSize: 204) == 102_400)
        #expect(limits.quota(messageSize: 205) == 102_500)
        #expect(limits.quota(messageSize: 1_000_000) == 314_572_800)
        #expect(limits.quota(messageSize: 100_000_000) == 500_000_000)
        #expect(limits.quota(messageSize: .max) == .max)
    }

    private func nested(_ depth: Int) -> [UInt8] {
        var content = eicar
        for level in 0..<depth { content = zip([("level\(level)", content)]) }
        return content
    }

    @Test func levels() {
        var limits = UnpackingLimits()
        for depth in [14, 5, 1] {
            limits.levels = depth
            let within = Unpacked(nested(depth), limits: limits)
            #expect(within.places(of: eicar).count == 1)
            #expect(within.limits.isEmpty)
            let beyond = Unpacked(nested(depth + 1), limits: limits)
            #expect(beyond.places(of: eicar).isEmpty)
            #expect(beyond.limits == [.levels])
            #expect(beyond.entries.count == depth)
        }
        let deep = Unpacked(nested(300))
        #expect(deep.entries.count == 14)
        #expect(deep.limits == [.levels])
    }

    /// The limit is told once; no container beyond it counts as taken apart.
    @Test func nothingBeyondTheLevelsIsComplete() {
        var limits = UnpackingLimits()
        limits.levels = 1
        let unpacker = Unpacker(limits: limits, messageSize: 1 << 20, directory: nil)
        let inner = zip([("a", eicar)])
        let outer = unpacker.open(zip([("1", inner), ("2", inner), ("3", inner)]).span, as: 0)
        #expect(outer.isComplete)
        var complete: [Bool] = []
        while let item = unpacker.next() {
            complete.append(unpacker.withContent(of: item) { unpacker.open($0, as: 1, item: item).isComplete } ?? true)
        }
        #expect(complete == [false, false, false])
        #expect(unpacker.limitsHit == [.levels])
    }

    @Test func files() {
        var limits = UnpackingLimits()
        limits.files = 10
        let members = (0..<10).map { ("\($0)", eicar) }
        #expect(Unpacked(zip(members), limits: limits).limits.isEmpty)
        let beyond = Unpacked(zip(members + [("x", eicar)]), limits: limits)
        #expect(beyond.limits == [.files])
        // What was extracted is there.
        #expect(beyond.places(of: eicar).count == 10)
        limits.files = 0
        #expect(Unpacked(zip(members), limits: limits).limits == [.files])
    }

    @Test func bytes() {
        var limits = UnpackingLimits(minimumQuota: 1000, maximumQuota: 1000, minimumFactor: 0)
        let exact = zip([("a", [UInt8](repeating: 1, count: 400)), ("b", [UInt8](repeating: 2, count: 600))])
        #expect(Unpacked(exact, limits: limits).limits.isEmpty)
        limits.minimumQuota = 999
        limits.maximumQuota = 999
        let cut = Unpacked(exact, limits: limits)
        #expect(cut.limits == [.bytes])
        #expect(cut.entries.map { $0.content?.count } == [400, 599])
    }

    @Test func theBudgetIsTheMessages() {
        // Two containers of one message share it.
        let unpacker = Unpacker(
            limits: UnpackingLimits(minimumQuota: 1000, maximumQuota: 1000, minimumFactor: 0), messageSize: 1,
            directory: nil)
        let container = zip([("a", [UInt8](repeating: 1, count: 600))])
        #expect(unpacker.open(container.span, as: 0).limits.isEmpty)
        #expect(unpacker.open(container.span, as: 1).limits == [.bytes])
        #expect(unpacker.open(container.span, as: 2).isComplete == false)
    }

    /// What a container unpacks to is judged beyond 16 MiB only.
    /// What comes behind a limit is cut as well, though the limit is told once.
    @Test func everythingBehindALimitIsCut() {
        let archive = zip([("a", eicar), ("b", eicar)])
        let unpacker = Unpacker(limits: UnpackingLimits(files: 3), messageSize: 1 << 20, directory: nil)
        let first = unpacker.open(archive.span, as: 0)
        #expect(first.isComplete && !first.isCut)
        let second = unpacker.open(archive.span, as: 1)
        #expect(second.isCut && second.limits == [.files] && !second.isComplete)
        let third = unpacker.open(archive.span, as: 2)
        #expect(third.isCut && third.limits.isEmpty && !third.isComplete)
    }

    @Test func everythingTooDeepIsCut() {
        let inner = zip([("a", eicar)])
        let unpacker = Unpacker(limits: UnpackingLimits(levels: 1), messageSize: 1 << 20, directory: nil)
        #expect(!unpacker.open(zip([("a", inner), ("b", inner)]).span, as: 0).isCut)
        var outcomes: [Unpacker.Opened] = []
        while let item = unpacker.next() {
            if let opened = unpacker.withContent(of: item, { unpacker.open($0, as: 1, item: item) }) {
                outcomes.append(opened)
            }
        }
        #expect(outcomes.map(\.isCut) == [true, true])
        #expect(outcomes.map(\.limits) == [[.levels], []])
    }

    @Test func ratio() throws {
        let zeros = [UInt8](repeating: 0, count: UnpackingLimits.ratioFloor + 1)
        let compressed = try runTool("gzip", ["-n"], input: zeros).output
        let message = 1 << 20
        let reached = zeros.count / compressed.count
        #expect(Unpacked(compressed, limits: UnpackingLimits(ratio: reached), messageSize: message).limits.isEmpty)
        let beyond = Unpacked(compressed, limits: UnpackingLimits(ratio: reached - 1), messageSize: message)
        #expect(beyond.limits == [.ratio])
        // What was extracted is scanned.
        #expect(beyond.entries.count == 1 && beyond.entries[0].content?.isEmpty == false)
        let small = try runTool("gzip", ["-n"], input: Array(zeros.dropLast())).output
        #expect(Unpacked(small, limits: UnpackingLimits(ratio: 1), messageSize: message).limits.isEmpty)
    }

    /// The default ends a bomb of a better compression long before the quota.
    @Test("F9: the ratio of a bomb") func ratioOfABomb() throws {
        let bomb = try runTool("sh", ["-c", "head -c 200M /dev/zero | xz"]).output
        let result = Unpacked(bomb, messageSize: 1 << 20)
        #expect(result.limits == [.ratio])
        #expect(result.entries.map { $0.content?.count ?? 0 }.reduce(0, +) < 80 << 20)
    }

    @Test func names() {
        let most = UnpackingLimits.nameOctets
        func archive(_ last: Int) -> [UInt8] {
            let whole = 65_000
            let names = (0..<most / whole).map { String($0) + String(repeating: "n", count: whole - String($0).count) }
            return zip((names + [String(repeating: "o", count: most % whole + last)]).map { ($0, []) })
        }
        #expect(Unpacked(archive(0)).limits.isEmpty)
        let beyond = Unpacked(archive(1))
        #expect(beyond.limits == [.names])
        #expect(beyond.entries.count == most / 65_000)
    }

    /// Content that is decoded to learn whether it is encrypted counts as well.
    @Test func decodingInVain() throws {
        let zeros = [UInt8](repeating: 0, count: 100_000)
        let deflated = Array(try runTool("gzip", ["-n"], input: zeros).output.dropFirst(10).dropLast(8))
        var writer = ZipWriter()
        for number in 0..<10 {
            var entry = ZipWriter.Entry("\(number)", zeros)
            (entry.method, entry.flags, entry.data, entry.checksum) = (8, 1, deflated, 1)
            writer.entries.append(entry)
        }
        writer.entries.append(ZipWriter.Entry("plain", zeros))
        let limits = UnpackingLimits(minimumQuota: 500_000, maximumQuota: 500_000, minimumFactor: 0)
        #expect(Unpacked(writer.archive(), limits: limits).limits == [.bytes])
    }

    /// Time that passes with each look at it.
    private final class Clock: Sendable {
        private let now = Mutex(0)
        let step: Int

        init(_ step: Int) { self.step = step }

        func read() -> Int {
            now.withLock { time in
                time += step
                return time
            }
        }
    }

    @Test func time() {
        let second = 1_000_000_000
        let limits = UnpackingLimits(seconds: 3, processorSeconds: 100)
        let wall = Clock(second)
        let budget = Budget(limits, messageSize: 1, wallClock: { wall.read() }, processorClock: { 0 })
        #expect([budget.mayGoOn(), budget.mayGoOn(), budget.mayGoOn(), budget.mayGoOn()] == [true, true, true, false])
        #expect(budget.hits == [.seconds])
        let processor = Clock(101 * second)
        let busy = Budget(limits, messageSize: 1, wallClock: { 0 }, processorClock: { processor.read() })
        #expect(!busy.mayGoOn())
        #expect(busy.hits == [.processorSeconds])
        #expect(!busy.take(Member()))
    }

    /// The processor clock is asked once in ten milliseconds at most.
    @Test func looksAtTheProcessorClock() {
        let processor = Clock(1)
        let wall = Clock(1_000_000)
        let budget = Budget(
            UnpackingLimits(), messageSize: 1, wallClock: { wall.read() }, processorClock: { processor.read() })
        for _ in 0..<100 { #expect(budget.mayGoOn()) }
        // One for the start, one of the first look, and this one.
        #expect((11...13).contains(processor.read()))
    }

    // MARK: The workspace

    @Test func largeMembersLieInTheWorkspace() throws {
        let scratch = try Scratch(.memory)
        let limits = UnpackingLimits(memory: 100_000, memberMemory: 1000)
        let large = (0..<3).map { number in (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* (number + 3)) } }
        let container = zip(large.enumerated().map { ("large\($0.offset)", $0.element) } + [("small", eicar)])
        let result = Unpacked(zip([("inner.zip", container)]), limits: limits, directory: scratch.path)
        #expect(result.entries.map(\.content) == [container] + large + [eicar])
        #expect(result.failure == nil && result.limits.isEmpty)
        // Names from the archive, or any at all, are nowhere.
        #expect(try runTool("ls", ["-A", scratch.path]).text == "")
    }

    @Test func limitOfTheWorkspace() throws {
        let scratch = try Scratch(.memory)
        var limits = UnpackingLimits(memory: 0, memberMemory: 0, workspace: 1000)
        let exact = zip([("a", [UInt8](repeating: 1, count: 1000))])
        #expect(Unpacked(exact, limits: limits, directory: scratch.path).limits.isEmpty)
        limits.workspace = 999
        let cut = Unpacked(exact, limits: limits, directory: scratch.path)
        #expect(cut.limits == [.workspace])
        #expect(cut.failure == nil)
    }

    @Test func workspaceThatCannotBeWritten() throws {
        let limits = UnpackingLimits(memory: 0, memberMemory: 0)
        let result = Unpacked(zip([("a", eicar)]), limits: limits, directory: "/nonexistent/workspace")
        #expect(result.failure?.contains("open") == true)
    }

    @Test func rangesOfMembersInTheWorkspaceAreNotCopied() throws {
        let scratch = try Scratch(.memory)
        let limits = UnpackingLimits(memory: 0, memberMemory: 0, workspace: 5000)
        // The outer member is written; what lies in it as it stands needs no second place.
        var content = [UInt8](repeating: 9, count: 4000)
        for level in 0..<5 { content = zip([("\(level)", content)]) }
        let result = Unpacked(content, limits: limits, directory: scratch.path)
        #expect(result.limits.isEmpty)
        #expect(result.entries.count == 5)
    }
}
