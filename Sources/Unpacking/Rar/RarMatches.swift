/// Tables of matches that RAR 2 and RAR 3 share; their distances beyond the short ones differ.
enum RarMatches {
    /// Bases of the codes for lengths, and their further bits.
    static let lengthBases = [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224,
    ]
    static func lengthBits(_ code: Int) -> Int { code < 8 ? 0 : code / 4 - 1 }

    /// Bases and further bits of short distances.
    static let shortTable: [(base: Int, bits: Int)] = [
        (0, 2), (4, 2), (8, 3), (16, 4), (32, 5), (64, 6), (128, 6), (192, 6),
    ]
}
