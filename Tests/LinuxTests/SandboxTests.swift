import Glibc
import Linux
import Testing

/// Runs `sandbox-probe` with Landlock as newer and older kernels have it, and without.
@Suite struct SandboxTests {
    static let kernel = SandboxSupport.ofKernel()

    /// What must work, or nothing could be inspected.
    static let needed: Set<String> = [
        "create inside", "read inside", "truncate inside", "unlink inside", "mkdir inside", "list inside",
        "rmdir inside", "memory within the limit", "file of the limit", "remove the large file",
    ]

    /// What Landlock alone closes.
    static let landlocked: Set<String> = [
        "read /etc/passwd", "read the directory above", "create outside", "write /dev/null", "open the parent's memory",
    ]

    /// What ends the process.
    static let deadly: Set<String> = [
        "open by handle", "change the root", "execute", "fork", "clone3", "trace the parent",
        "read the parent's memory", "take the parent's descriptor", "Internet socket", "Unix socket",
        "connect a socket from before", "listen on a socket from before", "io_uring", "bpf", "userfaultfd", "keyctl",
        "unshare", "mount",
    ]

    /// What fails without more.
    static let refused: Set<String> = [
        "symlink inside", "hard link inside", "rename inside", "mkfifo inside", "chmod inside", "truncate by path",
        "signal the parent", "own a descriptor's signals", "limit the parent", "map executable memory",
        "make memory executable",
    ]

    static let limited = [
        "memory over the limit": "denied ENOMEM", "file over the limit": "denied EFBIG",
        "descriptors over the limit": "denied EMFILE",
    ]

    /// Outcome of each act.
    private func probe(abi: Int) throws -> [String: String] {
        let output = try Program.withDirectory { directory in
            let inside = directory + "/inside"
            mkdir(inside, 0o700)
            return Program.output(of: [Program.directory + "/sandbox-probe", "\(abi)", inside])
        }
        var outcomes: [String: String] = [:]
        for line in (output.flatMap { $0 } ?? "").split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            outcomes[String(line[..<colon])] = String(line[line.index(colon, offsetBy: 2)...])
        }
        return outcomes
    }

    private func checkWithoutFiles(_ outcomes: [String: String]) {
        for act in Self.needed { #expect(outcomes[act] == "ALLOWED", "\(act)") }
        for act in Self.deadly { #expect(outcomes[act] == "killed", "\(act)") }
        for act in Self.refused { #expect(outcomes[act] == "denied EPERM", "\(act)") }
        for (act, outcome) in Self.limited { #expect(outcomes[act] == outcome, "\(act)") }
        #if arch(x86_64)
            #expect(outcomes["another calling convention"] == "killed")
        #endif
        let known = Self.needed.count + Self.deadly.count + Self.refused.count + Self.limited.count
        #expect(outcomes.count == known + Self.landlocked.count + 1)
    }

    @Test(
        "With Landlock every way out is closed", .enabled(if: kernel.missing.isEmpty, "the kernel lacks the sandbox"),
        arguments: [1, 2, 3, 4, 6, Int(Int32.max)])
    func closed(abi: Int) throws {
        let outcomes = try probe(abi: abi)
        checkWithoutFiles(outcomes)
        for act in Self.landlocked { #expect(outcomes[act] == "denied EACCES", "\(act)") }
    }

    @Test(
        "Without Landlock files are open and everything else stays closed",
        .enabled(if: kernel.seccomp, "the kernel has no seccomp"))
    func withoutLandlock() throws {
        let outcomes = try probe(abi: 0)
        checkWithoutFiles(outcomes)
        // Whether the file's own permissions let the test's user in is not the sandbox's matter.
        #expect(outcomes["read /etc/passwd"] == "ALLOWED")
        #expect(outcomes["read the directory above"] == "ALLOWED")
    }

    @Test func missingPartsAreNamed() {
        #expect(SandboxSupport.ofKernel(highestLandlockABI: 0).missing.contains("Landlock"))
        #expect(SandboxSupport.ofKernel(highestLandlockABI: 0).landlockABI == 0)
        if Self.kernel.landlockABI >= 2 {
            #expect(SandboxSupport.ofKernel(highestLandlockABI: 2).landlockABI == 2)
        }
    }
}
