import Foundation
@testable import Gateway
import Glibc
import Linux
import Testing

@Suite struct WorkspaceTests {
    private static let worker = WorkerID(generation: 1, number: 1)

    /// A workspace with one worker and one message, and the message's directory.
    private struct Fixture {
        let parent: TemporaryDirectory
        let workspace: Workspace
        let name: String
        var message: String { "\(workspace.directory)/g1/w1/\(name)" }

        init(_ place: TemporaryDirectory.Place = .memory) throws {
            parent = try TemporaryDirectory(place)
            workspace = try Workspace(directory: parent.path + "/workspace", allowNonTmpfs: place == .disk)
            _ = try workspace.makeGeneration(1)
            try workspace.makeWorker(worker)
            name = try workspace.makeMessage(worker, request: 7)
        }

        func expectRemoved(_ place: SourceLocation = #_sourceLocation) {
            let isEmpty = parent.names("workspace/g1/w1/\(name)") == []
            #expect(workspace.removeMessage(worker, name: name) == isEmpty, sourceLocation: place)
            Workspace.removeTree("\(workspace.directory)/g1/w1")
            #expect(parent.names("workspace/g1") == [], sourceLocation: place)
            workspace.removeGeneration(1)
            #expect(parent.names("workspace") == ["lock"], sourceLocation: place)
        }
    }

    private static func makeFile(_ path: String) throws {
        close(try check("open") { open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600) })
    }

    // MARK: - Opening

    @Test func directoriesAreMadeForTheirOwnerOnly() throws {
        let fixture = try Fixture()
        #expect(fixture.name == "m7")
        for path in ["", "/g1", "/g1/w1", "/g1/w1/m7"] {
            var status = stat()
            #expect(
                stat(fixture.workspace.directory + path, &status) == 0 && status.st_mode & 0o777 == 0o700, "\(path)")
        }
        #expect(throws: SystemError.self) { try fixture.workspace.makeMessage(Self.worker, request: 7) }
        fixture.expectRemoved()
    }

    /// A directory that the group or others can write to is refused, and what is in it stays.
    @Test(arguments: [(0o770, true), (0o707, true), (0o1777, true), (0o750, false), (0o700, false), (0o755, false)])
    func directoriesOfOthersAreRefused(_ mode: Int, _ isRefused: Bool) throws {
        let parent = try TemporaryDirectory(.memory)
        let directory = parent.path + "/workspace"
        mkdir(directory, 0o700)
        try Self.makeFile(directory + "/file")
        chmod(directory, mode_t(mode))
        if isRefused {
            let error = #expect(throws: WorkspaceError.self) {
                try Workspace(directory: directory, allowNonTmpfs: false)
            }
            #expect(error?.description.contains("neither its group nor others can write to") == true)
            #expect(parent.names("workspace") == ["file"])
        } else {
            _ = try Workspace(directory: directory, allowNonTmpfs: false)
            #expect(parent.names("workspace") == ["lock"])
        }
    }

    /// Whoever removes the workspace itself must not meet a thread that still empties a part of it.
    @Test func whatIsBeingRemovedIsWaitedFor() throws {
        for _ in 0..<20 {
            let fixture = try Fixture()
            for directory in 0..<20 {
                let path = "\(fixture.message)/d\(directory)"
                mkdir(path, 0o700)
                try Self.makeFile(path + "/file")
            }
            fixture.workspace.removeWorker(Self.worker)
            fixture.workspace.removeGeneration(1)
            fixture.workspace.finishRemovals()
            Workspace.removeTree(fixture.workspace.directory)
            #expect(fixture.parent.names("") == [])
        }
    }

    /// What a process that was killed left is removed by the next one; what is in use, young or foreign stays.
    @Test func workspacesOfTheDeadAreSwept() throws {
        let place = try TemporaryDirectory(.memory)
        let old = [timeval(tv_sec: time(nil) - 100_000, tv_usec: 0), timeval(tv_sec: time(nil) - 100_000, tv_usec: 0)]
        func make(_ name: String, isLocked: Bool, isOld: Bool = true) throws -> (path: String, lock: Descriptor?) {
            let path = "\(place.path)/mailreeve-\(name)"
            try makeDirectories(path + "/g1")
            var lock: Descriptor?
            if isLocked {
                lock = try Descriptor.open(path + "/lock", O_RDWR | O_CREAT)
                flock(lock?.raw ?? -1, LOCK_EX)
            } else if name.hasSuffix("dead01") {
                try Self.makeFile(path + "/lock")
            }
            if isOld { utimes(path, old) }
            return (path, lock)
        }
        let dead = try make("test.dead01", isLocked: false)
        let lockless = try make("test.dead02", isLocked: false)
        let young = try make("test.young1", isLocked: false, isOld: false)
        let living = try make("test.living", isLocked: true)
        let other = try make("test", isLocked: false)
        try PrivateDirectory(prefix: "mailreeve-test", places: [place.path]).remove()
        #expect(access(dead.path, F_OK) != 0 && access(lockless.path, F_OK) != 0)
        #expect(access(young.path, F_OK) == 0 && access(other.path, F_OK) == 0)
        #expect(access(living.path + "/g1", F_OK) == 0 && living.lock != nil)
    }

    @Test func aSecondGatewayIsRefused() throws {
        let parent = try TemporaryDirectory(.memory)
        var first: Workspace? = try Workspace(directory: parent.path, allowNonTmpfs: false)
        let error = #expect(throws: WorkspaceError.self) { try Workspace(directory: parent.path, allowNonTmpfs: false) }
        #expect(error?.description.contains("in use by another") == true)
        #expect(first != nil)
        first = nil
        _ = try Workspace(directory: parent.path, allowNonTmpfs: false)
    }

    @Test func aDiskIsRefusedUnlessAllowed() throws {
        let parent = try TemporaryDirectory(.disk)
        try #require(try !FileSystem(of: parent.path).isTmpfs)
        let error = #expect(throws: WorkspaceError.self) { try Workspace(directory: parent.path, allowNonTmpfs: false) }
        #expect(error?.description.contains("tmpfs") == true)
        _ = try Workspace(directory: parent.path, allowNonTmpfs: true)
    }

    /// All in it is removed: not in a directory that is shared with others.
    @Test func aSharedDirectoryIsRefusedAndLeftAlone() throws {
        let parent = try TemporaryDirectory(.memory)
        try Self.makeFile(parent.path + "/precious")
        chmod(parent.path, 0o1777)
        #expect(throws: WorkspaceError.self) { try Workspace(directory: parent.path, allowNonTmpfs: false) }
        #expect(parent.names() == ["precious"])
        for shared in ["/dev/shm", "/tmp"] {
            #expect(throws: WorkspaceError.self) { try Workspace(directory: shared, allowNonTmpfs: true) }
        }
    }

    @Test func whatAnEarlierGatewayLeftIsCleared() throws {
        let parent = try TemporaryDirectory(.memory)
        mkdir(parent.path + "/g1", 0o700)
        mkdir(parent.path + "/g1/w1", 0o700)
        try Self.makeFile(parent.path + "/g1/w1/left")
        try Self.makeFile(parent.path + "/stray")
        let workspace = try Workspace(directory: parent.path, allowNonTmpfs: false)
        #expect(parent.names() == ["lock"])
        _ = try workspace.makeGeneration(1)
    }

    // MARK: - What hostile code may leave

    @Test(arguments: TemporaryDirectory.Place.allCases)
    func twoThousandLevels(place: TemporaryDirectory.Place) throws {
        let fixture = try Fixture(place)
        var current = open(fixture.message, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        let name = String(repeating: "d", count: 200)
        for level in 0..<2000 {
            #expect(mkdirat(current, name, 0o700) == 0)
            if level % 100 == 0 { close(openat(current, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)) }
            let next = openat(current, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            close(current)
            current = next
        }
        close(current)
        fixture.expectRemoved()
    }

    @Test(arguments: TemporaryDirectory.Place.allCases)
    func tenThousandFilesAndAThousandDirectories(place: TemporaryDirectory.Place) throws {
        let fixture = try Fixture(place)
        for number in 0..<10_000 { try Self.makeFile("\(fixture.message)/file\(number)") }
        for number in 0..<1000 {
            mkdir("\(fixture.message)/d\(number)", 0o700)
            try Self.makeFile("\(fixture.message)/d\(number)/f")
        }
        fixture.expectRemoved()
    }

    /// What a worker left is removed without anybody waiting for it.
    @Test func leftoversOfAWorkerAreRemoved() throws {
        let fixture = try Fixture()
        for number in 0..<100 { mkdir("\(fixture.message)/\(number)", 0o700) }
        fixture.workspace.removeWorker(Self.worker)
        var tries = 0
        while fixture.parent.names("workspace/g1") != [], tries < 1000 {
            usleep(10_000)
            tries += 1
        }
        #expect(fixture.parent.names("workspace/g1") == [])
    }

    @Test func strangeNames() throws {
        let fixture = try Fixture()
        let names: [[UInt8]] = [
            Array("a\nb".utf8), Array(" ".utf8), Array("-rf".utf8), Array("...".utf8), [0xFF, 0xFE],
            Array("removed-".utf8),
            Array("removed-1-1".utf8), Array("removed-18446744073709551615-2".utf8), Array("lock".utf8),
            Array("%s".utf8),
            [UInt8](repeating: 0x61, count: 255), [0x1B, 0x5B, 0x32, 0x4A],
        ]
        for name in names {
            let path = Array(fixture.message.utf8) + [0x2F] + name
            for level in [[], Array("/inner".utf8), Array("/inner/removed-1-1".utf8)] {
                let bytes = (path + level).map { CChar(bitPattern: $0) } + [0]
                #expect(mkdir(bytes, 0o700) == 0)
            }
        }
        fixture.expectRemoved()
    }

    /// Links are removed, not followed; and so are sockets, pipes and what stands at the place of a directory.
    @Test func linksAreNotFollowed() throws {
        let fixture = try Fixture()
        mkdir(fixture.parent.path + "/outside", 0o700)
        try Self.makeFile(fixture.parent.path + "/outside/precious")
        #expect(symlink(fixture.parent.path + "/outside", fixture.message + "/link") == 0)
        #expect(symlink("../../../../outside", fixture.message + "/relative") == 0)
        #expect(symlink("/", fixture.message + "/root") == 0)
        #expect(symlink("loop", fixture.message + "/loop") == 0)
        #expect(mkfifo(fixture.message + "/pipe", 0o600) == 0)
        #expect(link(fixture.parent.path + "/outside/precious", fixture.message + "/hard") == 0)
        fixture.expectRemoved()
        #expect(fixture.parent.names("outside") == ["precious"])
        var status = stat()
        #expect(stat(fixture.parent.path + "/outside", &status) == 0 && status.st_mode & 0o777 == 0o700)
    }

    @Test func aLinkAtTheMessagesPlaceIsNotFollowed() throws {
        let fixture = try Fixture()
        mkdir(fixture.parent.path + "/outside", 0o700)
        try Self.makeFile(fixture.parent.path + "/outside/precious")
        rmdir(fixture.message)
        #expect(symlink(fixture.parent.path + "/outside", fixture.message) == 0)
        #expect(!fixture.workspace.removeMessage(Self.worker, name: fixture.name))
        #expect(fixture.parent.names("outside") == ["precious"])
        Workspace.removeTree("\(fixture.workspace.directory)/g1/w1")
        #expect(fixture.parent.names("outside") == ["precious"])
        #expect(fixture.parent.names("workspace/g1") == [])
    }

    /// A worker is the same user as the gateway and can make directories that cannot be entered, read or written.
    @Test func directoriesWithoutPermissions() throws {
        let fixture = try Fixture()
        for mode: mode_t in [0, 0o100, 0o200, 0o300, 0o400, 0o500, 0o600] {
            let path = "\(fixture.message)/mode\(String(mode, radix: 8))"
            mkdir(path, 0o700)
            mkdir(path + "/inner", 0o700)
            try Self.makeFile(path + "/inner/file")
            chmod(path + "/inner", mode)
            chmod(path, mode)
        }
        try OtherUser.owns(fixture.parent.path)
        OtherUser.act {
            fixture.expectRemoved()
        }
    }
}

/// Acts as an unprivileged user on this thread alone, when the tests run as root: root may do everything to files.
private enum OtherUser {
    private static let nobody: uid_t = 65_534

    static func owns(_ path: String) throws {
        guard geteuid() == 0 else { return }
        var paths = [path]
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) { paths.append("\(path)/\(name)") }
        for path in paths { try check("lchown \(path)") { lchown(path, nobody, nobody) } }
    }

    static func act(_ body: () -> Void) {
        typealias Change = @convention(c) (uid_t) -> Int32
        guard geteuid() == 0, let symbol = dlsym(nil, "setfsuid") else { return body() }
        let change = unsafeBitCast(symbol, to: Change.self)
        _ = change(nobody)
        defer { _ = change(0) }
        body()
    }
}
