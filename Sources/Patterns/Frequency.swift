/// How often octets stand in mail, roughly: only the choice among needs depends on it.
enum Frequency {
    /// Letters, the blank, and all others.
    private static let kinds = 28
    /// How rare each kind is behind each kind, and in the last row anywhere, in half bits from `a` for 0: counted in the
    /// bodies of 2,000 messages.
    private static let rarity: StaticString = """
        nkijrpkpjtngkfsmshihnloqlqii
        ioopgqkpknrgmpgqrgioiqprkrmg
        holpfppijrijpnersknilsstpumh
        jqokgsophtuoonjrpmlimpqrmuee
        jokjlloslwqjkipnqghjsmnmoufg
        hqpqjgstitsosrersipkltsspsgg
        kpkqgpohhrrmqikorjlolprrnpfg
        gqrqeutshssqrphptjqfnttvpsih
        kniikkirpspijejnrlhhslvrvkll
        ilmmgnmmkmmkknhjmnlnfllllkrg
        knooepkohppmpknnnoijnppqmoff
        ippkgpstftphnrhmurklkmrtjshh
        flqofqkoiqtklqijsqkplqrslqig
        jlkhhmhslsmmrojpsrjfmosumsgh
        pomlqjnsotoihfmkufljhmkrrthl
        gqoohsnlkrrimsikthljkrspoqje
        knmnlmknmmlmmnjlknnmemmnnmne
        irkjfqlshumnmmhnunjkmorvlvgf
        kqmqgprlhtppoqjitmjgktqvoteg
        jrqkhtufhwuonshkvjljntpulufg
        lkkljpkskspikhnjtfghsrsmoqij
        gmnncpqpgppopqlpqqnpnqqronmi
        hrqphqqiersoqlirrlkqrpfpqqig
        knkojnomjlomilninmnfnmomnnhe
        mmpqkrqrmrsknnfkspjnrsmoqpdf
        knkjdolnjnomknjmoolmnmklmlnh
        ikkmmknkjqrmlmkltmjhoojvmxdi
        llkkolpmmrsoonpnrpmkpqnsssgc
        jmkkilmljrpkljjlsjjimomqnqgf
        """

    private static let shares: [Double] = rarity.description.utf8.filter { $0 != 0x0A }.map { letter in
        // Half a bit is a factor of the square root of two.
        (0..<(letter - 0x61)).reduce(1.0) { share, _ in share / 2.0.squareRoot() }
    }

    private static func kind(_ byte: UInt8) -> Int {
        switch byte {
        case 0x61...0x7A: Int(byte - 0x61)
        case 0x20: 26
        default: 27
        }
    }

    /// The share of an octet in its kind.
    private static let sharesInKind: [Double] = {
        var table = Array(repeating: 0.0003, count: 256)
        for byte in 0x21...0x7E { table[byte] = 0.01 }
        for byte in "0123456789=/.-<>\":,".utf8 { table[Int(byte)] = 0.04 }
        for byte in 0x61...0x7A { table[byte] = 1 }
        table[0x20] = 1
        return table
    }()

    private static let octets: [Double] = (0...255).map { byte in
        shares[kinds * kinds + kind(UInt8(byte))] * sharesInKind[byte]
    }

    static func of(gram: UInt32, length: Int) -> Double {
        var share = 1.0
        var before: Int?
        for place in (0..<length).reversed() {
            let byte = UInt8(gram >> UInt32(8 * place) & 0xFF)
            let kind = kind(byte)
            share *= shares[(before ?? kinds) * kinds + kind] * sharesInKind[Int(byte)]
            before = kind
        }
        return share
    }

    /// The window of four octets that fewest texts have, of a text that has no fewer.
    static func rarestWindow(of text: [UInt8]) -> (place: Int, share: Double) {
        var best = (place: 0, share: Double.infinity)
        for place in 0...max(0, text.count - 4) {
            let share = of(gram: GramIndex.gram(text[place...].prefix(4)), length: 4)
            if share < best.share { best = (place, share) }
        }
        return best
    }

    /// The share of texts, roughly, that have the rest of a text around a window of it. Never near 0, as in `PatternReach`.
    static func of(_ text: [UInt8], around window: Range<Int>) -> Double {
        var share = 1.0
        for place in text.indices where !window.contains(place) {
            share *= min(1, 0.1 + 0.9 * octets[Int(text[place])])
        }
        return 0.1 + 0.9 * share
    }

    static func of(_ stretches: [PatternNeed.Stretch], length: Int) -> Double {
        stretches.reduce(0) { sum, stretch in
            sum + stretch.reach.share(behind: length)
                * stretch.grams.reduce(0) { $0 + of(gram: $1, length: length) }
        }
    }

    static func of(run set: ByteSet, length: Int) -> Double {
        let sum = set.bytes.reduce(0) { $0 + octets[Int($1)] }
        var share = 1.0
        // Octets of one kind stand together: each further one is likelier than the first.
        let next = min(1, 0.3 + 0.7 * sum)
        for position in 0..<min(length, 64) { share *= position == 0 ? min(1, sum) : next }
        return share
    }
}
