internal import Members
internal import Unpacking

/// One content and all that is in it, opened as a part of a message is.
enum ContainerFuzzing {
    /// Octets that may come out of all levels together.
    private static let quota = 4_194_304
    /// Octets of a dictionary, and of what is in memory as a whole.
    private static let memory = 8_388_608
    /// Different problems of one container that are told.
    private static let mostProblems = 32

    private static func limits(files: Int = 200, levels: Int = 4, octets: Int = quota) -> UnpackingLimits {
        UnpackingLimits(
            levels: levels, files: files, minimumQuota: octets, maximumQuota: octets, minimumFactor: 0,
            maximumFactor: 0, passwords: 4,
            containers: ContainerLimits(dictionary: memory, buffer: memory, passwordKeys: 4))
    }

    static func violations(_ content: [UInt8]) -> [String] {
        let whole = Trial(content, limits())
        // Breadth first: what fits into fewer files is what comes first.
        let few = Trial(content, limits(files: 3))
        var wrong = whole.wrong + few.wrong
        if few.members != Array(whole.members.prefix(3)) { wrong.append("fewer files, and others") }
        return wrong + Trial(content, limits(levels: 1)).wrong + Trial(content, limits(octets: 99)).wrong
    }

    /// What one run gave.
    private struct Trial {
        struct Found: Equatable {
            var member: Member
            var content: [UInt8]
        }

        var members: [Found] = []
        var wrong: [String] = []

        init(_ content: [UInt8], _ limits: UnpackingLimits) {
            let unpacker = Unpacker(
                limits: limits, messageSize: content.count, directory: nil,
                passwords: {
                    var passwords = Passwords(limit: limits.passwords)
                    passwords.add(Array("password".utf8), .site)
                    return passwords
                })
            var told: [UnpackingLimit] = []
            var octets = 0
            var names = 0
            var numbers: [Int: Int] = [:]
            check(unpacker.open(content.span, as: -1), &told)
            while let item = unpacker.next() {
                let index = members.count
                octets += item.size
                names += item.member.names.reduce(0) { $0 + $1.count }
                numbers[item.container, default: 0] += 1
                if item.number != numbers[item.container] { wrong.append("number \(item.number) of a member") }
                if item.container >= index { wrong.append("member of \(item.container), which is not open") }
                if !(1...limits.levels).contains(item.level) { wrong.append("level \(item.level)") }
                members.append(Found(member: item.member, content: []))
                if item.hasContent {
                    let isLent: Void? = unpacker.withContent(of: item) { bytes in
                        if bytes.count != item.size { wrong.append("\(bytes.count) octets of \(item.size)") }
                        bytes.withUnsafeBufferPointer { members[index].content = Array($0) }
                        check(unpacker.open(bytes, as: index, item: item), &told)
                    }
                    if isLent == nil { wrong.append("content that is lost") }
                }
                unpacker.release(item)
            }
            if members.count > limits.files { wrong.append("\(members.count) members") }
            if octets > limits.maximumQuota { wrong.append("\(octets) octets") }
            if names > UnpackingLimits.nameOctets { wrong.append("\(names) octets of names") }
            if told != unpacker.limitsHit { wrong.append("\(told) told of \(unpacker.limitsHit)") }
            if unpacker.workspaceFailure != nil { wrong.append("a workspace that is not there") }
        }

        /// What is told of one content agrees with itself, and is bounded.
        private mutating func check(_ opened: Unpacker.Opened, _ told: inout [UnpackingLimit]) {
            told += opened.limits
            if opened.problems.count > ContainerFuzzing.mostProblems { wrong.append("too many problems") }
            if Set(opened.problems).count != opened.problems.count { wrong.append("a problem told twice") }
            if opened.problems.contains(where: \.detail.isEmpty) { wrong.append("a problem without words") }
            if !opened.limits.isEmpty, !opened.isCut { wrong.append("a limit that cuts nothing") }
            if opened.isComplete, opened.isCut || opened.problems.contains(where: { $0.kind != .note }) {
                wrong.append("complete, with problems")
            }
        }
    }
}
