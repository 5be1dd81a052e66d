import Glibc
import Linux
import Testing

@Suite struct DescriptorTests {
    @Test func sealedFilesNeverChange() throws {
        let file = try Descriptor.memory("test")
        try file.write([1, 2, 3])
        #expect(!file.isSealed)
        try file.seal()
        #expect(file.isSealed)
        #expect(throws: SystemError("write", code: EPERM)) { try file.write([4]) }
        #expect(throws: SystemError("ftruncate", code: EPERM)) { try file.replaceContent([]) }
        #expect(try file.read(at: 0, count: 10) == [1, 2, 3])
    }

    @Test func contentIsReplacedAsAWhole() throws {
        let file = try Descriptor.memory("test")
        try file.replaceContent([1, 2, 3, 4])
        try file.replaceContent([5])
        #expect(try file.size() == 1)
        #expect(try file.read(at: 0, count: 10) == [5])
        try file.replaceContent([])
        #expect(try file.size() == 0)
    }

    @Test func readsFromAnOffset() throws {
        let file = try Descriptor.memory("test")
        try file.write(Array(0..<100))
        #expect(try file.read(at: 90, count: 5) == [90, 91, 92, 93, 94])
        #expect(try file.read(at: 99, count: 5) == [99])
        #expect(try file.read(at: 100, count: 5) == [])
    }

    @Test func unlinkedFilesAreTakenReadOnly() throws {
        try Program.withDirectory { directory in
            let path = directory + "/file"
            let writer = try Descriptor.open(path, O_RDWR | O_CREAT)
            let reader = try Descriptor.open(path, O_RDONLY)
            #expect(!reader.isUnlinkedReadOnlyFile)
            unlink(path)
            #expect(reader.isUnlinkedReadOnlyFile)
            #expect(!writer.isUnlinkedReadOnlyFile)
            #expect(!(try Descriptor.open(directory, O_RDONLY)).isUnlinkedReadOnlyFile)
        }
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        for end in ends { #expect(!Descriptor(owning: end).isUnlinkedReadOnlyFile) }
    }

    @Test(arguments: [0, 1, 4095, 4096, 4097, 100_000])
    func mapsWholeFiles(size: Int) throws {
        let content = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        let file = try Descriptor.memory("test")
        try file.write(content)
        let mapping = try Mapping(file)
        #expect(mapping.count == size)
        #expect(mapping.withBytes { span in (0..<span.count).map { span[$0] } } == content)
    }

    @Test func failuresNameTheCall() {
        let missing = "/nonexistent/file"
        #expect(throws: SystemError("open \(missing)", code: ENOENT)) { try Descriptor.open(missing, O_RDONLY) }
    }

    @Test func processKnowsItself() throws {
        // The test runner has several threads; the number is what the kernel counts.
        #expect(try ProcessLimits.threads() >= 1)
        #expect(try ProcessLimits.addressSpace() > 1 << 20)
    }
}
