import Members
import Testing

@testable import Inspector
@testable import Unpacking

@Suite struct ArchiveNamesTests {
    @Test(arguments: [
        "a.tar.gz.001", "a.zip.1000", "a.tar.gz.aa", "a.tar.xz.ab", "A.ZIP.AB", "a.zipaa", "a.tar.zst-aa", "a.tar_ab",
        "a.7z.part", "a.7z.part-ac", "a.7z.part1", "a.tar.gz.part02", "a.tar.00", "a.z01", "xaa", "xab",
    ])
    func pieces(_ name: String) { #expect(ArchiveNames.arePiece([name])) }

    @Test(arguments: [
        "a.tar.gz", "a.zip", "a.bz2", "a.7z", "a.zip.a", "a.zip.2", "a.zip.ba", "a.zip.aab", "a.doc.001", "a.doc.aa",
        "a.part1", "part1", "aa", "xa", "xaab", "yaa", "001", "zip.001", "z01", "a.z1", "a.zip.001.bin", "", ".",
    ])
    func others(_ name: String) { #expect(!ArchiveNames.arePiece([name])) }

    /// Files of gzip that were pieces of one archive are read as a whole beside them (`split`, then `gzip` of each).
    @Test func piecesOfWhatIsThereAsAWhole() {
        let apart = ArchiveNames.problems(of: Unpacker.Opened(), names: ["a.tarab"], isQuoted: false)
        #expect(apart.map(\.kind) == [.unsupported])
        #expect(ArchiveNames.problems(of: Unpacker.Opened(), names: ["a.tarab"], isQuoted: true).isEmpty)
    }

    /// Whoever has it under another name has it damaged.
    @Test func allNamesCount() {
        #expect(ArchiveNames.arePiece(["a.zip.001", "a.zip.aa"]))
        #expect(!ArchiveNames.arePiece(["a.zip.001", "a.zip"]) && !ArchiveNames.arePiece([]))
    }
}
