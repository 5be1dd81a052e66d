/// PPMd, variant H (Dmitry Shkarin, public domain), as RAR 2.9 to 4 have it: with a range coder of their own.
///
/// A context has its number of symbols and the sum of their frequencies (two octets each), the place of its symbols and of
/// the context that is shorter by one (four each); with one symbol only, that stands in the place of the sum. A symbol has its
/// octet and frequency, and the place of the context that follows, or of text.
struct Rar3Model {
    static let mostFrequency = 124
    static let period = 7
    static let symbolSize = 6
    static let escapes = [25, 14, 9, 7, 5, 5, 4, 4, 4, 3, 3, 3, 2, 2, 2, 2]
    private static let firstEscapes = [0x3CDD, 0x1F3F, 0x59BF, 0x48F3, 0x64A1, 0x5ABC, 0x6632, 0x6051]

    /// How often an escape is to be expected.
    struct Escape {
        var sum: Int
        var shift: Int
        var count: Int
    }

    var memory: Rar3ModelMemory
    private let order: Int
    var coder = Rar3RangeDecoder()
    var least = 0
    private var most = 0
    var found = 0
    var orderFall = 0
    var runLength = 0
    var firstRunLength = 0
    var previousSuccess = 0
    var firstEscape = 0
    var highBits = 0
    var binary = [Int](repeating: 0, count: 128 * 64)
    var escapes: [Escape] = []
    var masked = [Bool](repeating: false, count: 256)
    let escapeOfCount: [Int]

    /// - Parameters:
    ///   - size: octets of memory.
    ///   - order: symbols of the longest context.
    init(size: Int, order: Int) {
        memory = Rar3ModelMemory(size: size)
        self.order = order
        var rows: [Int] = []
        var (row, left) = (3, 1)
        for count in 0..<256 {
            guard count > 2 else {
                rows.append(count)
                continue
            }
            rows.append(row)
            left -= 1
            if left == 0 {
                row += 1
                left = row - 2
            }
        }
        escapeOfCount = rows
        restart()
    }

    /// Begins to read coded octets.
    mutating func begin(_ bits: inout RarBits, _ data: Span<UInt8>) { coder.begin(&bits, data) }

    // MARK: Fields

    mutating func symbols(_ context: Int) -> Int { memory.word(context) }
    mutating func list(_ context: Int) -> Int { memory.long(context + 4) }
    mutating func suffix(_ context: Int) -> Int { memory.long(context + 8) }
    mutating func sum(_ context: Int) -> Int { memory.word(context + 2) }
    mutating func frequency(_ symbol: Int) -> Int { memory.byte(symbol + 1) }
    private mutating func successor(_ symbol: Int) -> Int { memory.long(symbol + 2) }
    mutating func addSum(_ context: Int, _ count: Int) { memory.setWord(context + 2, sum(context) + count) }

    /// The symbol of a context that has one only.
    static func only(_ context: Int) -> Int { context + 2 }

    private mutating func put(_ symbol: Int, _ octet: Int, _ frequency: Int, _ successor: Int) {
        memory.setByte(symbol, octet)
        memory.setByte(symbol + 1, frequency)
        memory.setLong(symbol + 2, successor)
    }

    private mutating func move(_ from: Int, to target: Int) {
        memory.copy(from: from, to: target, count: Self.symbolSize)
    }

    mutating func swap(_ one: Int, _ other: Int) {
        let (octet, frequency, successor) = (memory.byte(one), frequency(one), successor(one))
        move(other, to: one)
        put(other, octet, frequency, successor)
    }

    /// The place of an octet in a context that has it.
    private mutating func place(of octet: Int, in context: Int) -> Int {
        let count = symbols(context)
        guard count != 1 else { return Self.only(context) }
        var symbol = list(context)
        for _ in 0..<count where !memory.isBroken && memory.byte(symbol) != octet { symbol += Self.symbolSize }
        return symbol
    }

    private mutating func restart() {
        memory.clear()
        orderFall = order
        firstRunLength = -min(order, 12) - 1
        runLength = firstRunLength
        previousSuccess = 0
        least = memory.allocateContext()
        most = least
        found = memory.allocate(units: 128)
        memory.setWord(least, 256)
        memory.setWord(least + 2, 257)
        memory.setLong(least + 4, found)
        memory.setLong(least + 8, 0)
        for octet in 0..<256 { put(found + octet * Self.symbolSize, octet, 1, 0) }
        for index in binary.indices {
            binary[index] = 1 << 14 - Self.firstEscapes[index & 7] / (index >> 6 + 2)
        }
        escapes = (0..<25 * 16).map {
            Escape(sum: (5 * ($0 / 16) + 10) << (Self.period - 4), shift: Self.period - 4, count: 4)
        }
    }

    // MARK: Growing

    /// Contexts for what was found, below those that lead on; 0 when there is no room.
    private mutating func createSuccessors(skip: Bool) -> Int {
        let branch = successor(found)
        let octet = memory.byte(found)
        var context = least
        var pending: [Int] = skip ? [] : [found]
        while suffix(context) != 0, !memory.isBroken {
            context = suffix(context)
            let symbol = place(of: octet, in: context)
            let next = successor(symbol)
            if next != branch {
                context = next
                if pending.isEmpty { return context }
                break
            }
            pending.append(symbol)
        }
        let next = memory.byte(branch)
        let seen = place(of: next, in: context)
        var count = frequency(seen)
        if symbols(context) != 1 {
            let own = count - 1
            let others = sum(context) - symbols(context) - own
            if 2 * own <= others {
                count = 1 + (5 * own > others ? 1 : 0)
            } else {
                count = 1 + (others > 0 ? (2 * own + 3 * others - 1) / (2 * others) : 0)
            }
        }
        for symbol in pending.reversed() {
            let created = memory.allocateContext()
            guard created != 0 else { return 0 }
            memory.setWord(created, 1)
            put(Self.only(created), next, count, branch + 1)
            memory.setLong(created + 8, context)
            memory.setLong(symbol + 2, created)
            context = created
        }
        return context
    }

    mutating func update() {
        let octet = memory.byte(found)
        if frequency(found) < Self.mostFrequency / 4, suffix(least) != 0 { addToSuffix(octet) }
        if orderFall == 0 {
            let context = createSuccessors(skip: true)
            guard context != 0 else { return restart() }
            (least, most) = (context, context)
            memory.setLong(found + 2, context)
            return
        }
        memory.setByte(memory.text, octet)
        memory.text += 1
        guard memory.text < memory.unitsStart else { return restart() }
        var successor = memory.text
        var next = self.successor(found)
        if next != 0 {
            if next <= successor {
                next = createSuccessors(skip: false)
                guard next != 0 else { return restart() }
            }
            orderFall -= 1
            if orderFall == 0 {
                successor = next
                if most != least { memory.text -= 1 }
            }
        } else {
            memory.setLong(found + 2, successor)
            next = least
        }
        guard addToLonger(octet, successor) else { return restart() }
        (least, most) = (next, next)
    }

    private mutating func addToSuffix(_ octet: Int) {
        let context = suffix(least)
        var symbol = place(of: octet, in: context)
        if symbols(context) == 1 {
            if frequency(symbol) < 32 { memory.setByte(symbol + 1, frequency(symbol) + 1) }
            return
        }
        if symbol != list(context), frequency(symbol) >= frequency(symbol - Self.symbolSize) {
            swap(symbol, symbol - Self.symbolSize)
            symbol -= Self.symbolSize
        }
        if frequency(symbol) < Self.mostFrequency - 9 {
            memory.setByte(symbol + 1, frequency(symbol) + 2)
            addSum(context, 2)
        }
    }

    /// Adds what was found to the contexts that are longer than the one where it was; false when there is no room.
    private mutating func addToLonger(_ octet: Int, _ successor: Int) -> Bool {
        let seen = symbols(least)
        let frequency = frequency(found)
        let rest = sum(least) - seen - (frequency - 1)
        var context = most
        while context != least, !memory.isBroken {
            let count = symbols(context)
            if count != 1 {
                if count & 1 == 0 {
                    let grown = memory.grow(list(context), units: count / 2)
                    guard grown != 0 else { return false }
                    memory.setLong(context + 4, grown)
                }
                let isSmall = 4 * count <= seen && sum(context) <= 8 * count
                addSum(context, (2 * count < seen ? 1 : 0) + (isSmall ? 2 : 0))
            } else {
                let symbol = memory.allocate(units: 1)
                guard symbol != 0 else { return false }
                move(Self.only(context), to: symbol)
                memory.setLong(context + 4, symbol)
                let own = self.frequency(symbol)
                let doubled = own < Self.mostFrequency / 4 - 1 ? own * 2 : Self.mostFrequency - 4
                memory.setByte(symbol + 1, doubled)
                memory.setWord(context + 2, doubled + firstEscape + (seen > 3 ? 1 : 0))
            }
            var share = 2 * frequency * (sum(context) + 6)
            let all = rest + sum(context)
            if share < 6 * all {
                share = 1 + (share > all ? 1 : 0) + (share >= 4 * all ? 1 : 0)
                addSum(context, 3)
            } else {
                share = 4 + (share >= 9 * all ? 1 : 0) + (share >= 12 * all ? 1 : 0) + (share >= 15 * all ? 1 : 0)
                addSum(context, share)
            }
            put(list(context) + count * Self.symbolSize, octet, share, successor)
            memory.setWord(context, count + 1)
            context = suffix(context)
        }
        return true
    }

    /// Halves the frequencies of the context, in their order.
    mutating func rescale() {
        let first = list(least)
        let count = symbols(least)
        var kept: [(octet: Int, frequency: Int, successor: Int)] = []
        for index in 0..<count where !memory.isBroken {
            let symbol = first + index * Self.symbolSize
            let one = (memory.byte(symbol), frequency(symbol), successor(symbol))
            if symbol == found { kept.insert(one, at: 0) } else { kept.append(one) }
        }
        guard kept.count == count, count > 1 else { return }
        let adder = orderFall != 0 ? 1 : 0
        var escape = sum(least) - kept[0].frequency
        kept[0].frequency = (kept[0].frequency + 4 + adder) >> 1
        var total = kept[0].frequency
        for index in 1..<count {
            escape -= kept[index].frequency
            var one = kept[index]
            one.frequency = (one.frequency + adder) >> 1
            total += one.frequency
            var target = index
            while target > 0, one.frequency > kept[target - 1].frequency {
                kept[target] = kept[target - 1]
                target -= 1
            }
            kept[target] = one
        }
        let left = count - kept.reversed().prefix { $0.frequency == 0 }.count
        escape += count - left
        if left == 1 {
            var frequency = kept[0].frequency
            repeat {
                frequency -= frequency >> 1
                escape >>= 1
            } while escape > 1
            memory.free(first, units: (count + 1) / 2)
            memory.setWord(least, 1)
            found = Self.only(least)
            return put(found, kept[0].octet, frequency, kept[0].successor)
        }
        for (index, one) in kept.enumerated() {
            put(first + index * Self.symbolSize, one.octet, one.frequency, one.successor)
        }
        memory.setWord(least, left)
        if (count + 1) / 2 != (left + 1) / 2 {
            memory.setLong(least + 4, memory.shrink(first, units: (count + 1) / 2, to: (left + 1) / 2))
        }
        memory.setWord(least + 2, total + escape - escape >> 1)
        found = list(least)
    }

    mutating func goOn() {
        let next = successor(found)
        if orderFall == 0, next > memory.text { (least, most) = (next, next) } else { update() }
    }
}
