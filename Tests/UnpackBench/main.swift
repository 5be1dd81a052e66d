// unpack-bench FILE...: how long unpacking takes, beside inflating the same members with nothing around it.
import Compression
import Glibc
import Linux
import Members
import Unpacking

/// Rounds of which the fastest counts, of both in turn: what else the machine does slows both.
let (turns, rounds) = (10, 20)

func milliseconds(_ nanoseconds: Int) -> String {
    let thousandths = "\(nanoseconds / 1000 % 1000)"
    return "\(nanoseconds / 1_000_000).\(String(repeating: "0", count: 3 - thousandths.count))\(thousandths) ms"
}

/// Unpacks all levels; returns members and octets.
func unpack(_ bytes: Span<UInt8>, workspace: String) -> (members: Int, octets: Int, limits: [UnpackingLimit]) {
    let unpacker = Unpacker(limits: UnpackingLimits(), messageSize: bytes.count, directory: workspace)
    _ = unpacker.open(bytes, as: 0)
    var members = 0
    var octets = 0
    while let item = unpacker.next() {
        members += 1
        octets += item.size
        if item.hasContent {
            _ = unpacker.withContent(of: item) { unpacker.open($0, as: members, item: item) }
        }
        unpacker.release(item)
    }
    return (members, octets, unpacker.limitsHit)
}

/// The deflated members of a zip archive of known sizes, inflated one after the other and nothing else.
func inflate(_ bytes: [UInt8], depth: Int = 0) -> Int {
    func number(_ offset: Int, _ count: Int) -> Int {
        (0..<count).reduce(0) { $0 | Int(bytes[offset + $1]) << ($1 * 8) }
    }
    var position = 0
    var octets = 0
    while position + 30 <= bytes.count, number(position, 4) == 0x0403_4B50 {
        let start = position + 30 + number(position + 26, 2) + number(position + 28, 2)
        let size = number(position + 18, 4)
        var output: [UInt8] = []
        if number(position + 8, 2) == 8 {
            _ = Inflate.append(
                bytes.span.extracting(start..<start + size), form: .raw, to: &output,
                expected: number(position + 22, 4),
                limit: .max)
        } else {
            output = Array(bytes[start..<start + size])
        }
        octets += output.count
        // Office files are archives themselves.
        if output.starts(with: [0x50, 0x4B, 3, 4]) { octets += inflate(output, depth: depth + 1) }
        position = start + size
    }
    return octets
}

func fastest(_ work: () -> Void) -> Int {
    var best = Int.max
    for _ in 0..<rounds {
        let start = processorNow()
        work()
        best = min(best, processorNow() - start)
    }
    return best
}

setlocale(LC_ALL, "C.UTF-8")
// As a worker does.
ProcessLimits.keepMemory()
let workspace = "/dev/shm/mailreeve-unpack-bench-\(getpid())"
try makeDirectories(workspace)
defer { rmdir(workspace) }
for path in CommandLine.arguments.dropFirst() {
    let mapping = try Mapping(try Descriptor.open(path, O_RDONLY))
    mapping.withBytes { bytes in
        let start = monotonicNow()
        let result = unpack(bytes, workspace: workspace)
        let wall = monotonicNow() - start
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        print(
            "\(path): \(result.members) members, \(result.octets) octets in \(milliseconds(wall)) \(result.limits.map(\.rawValue)),"
        )
        print("  at most \(usage.ru_maxrss / 1024) MiB resident, the workspace's mapped pages included")
        if wall < 1_000_000_000, bytes.count < 10_000_000 {
            let all = bytes.withUnsafeBufferPointer { Array($0) }
            var (unpacked, inflated, octets) = (Int.max, Int.max, 0)
            for _ in 0..<turns {
                unpacked = min(unpacked, fastest { _ = unpack(bytes, workspace: workspace) })
                inflated = min(inflated, fastest { octets = inflate(all) })
            }
            if octets > 0 {
                print(
                    "  unpacking \(milliseconds(unpacked)), inflating alone (\(octets) octets) \(milliseconds(inflated)) of processor time"
                )
            }
        }
    }
}
