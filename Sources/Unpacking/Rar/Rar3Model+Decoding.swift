/// Decoding: by the symbols of a context, then by those of shorter ones that are not in it.
extension Rar3Model {
    /// The next octet; nil at an end or where the data makes no sense.
    mutating func decode(_ bits: inout RarBits, _ data: Span<UInt8>) -> Int? {
        guard least != 0, !memory.isBroken else { return nil }
        for octet in masked.indices { masked[octet] = false }
        if symbols(least) != 1 {
            switch decodeFirst(&bits, data) {
            case .octet(let octet): return octet
            case .damaged: return nil
            case .escape: break
            }
        } else if let octet = decodeOnly(&bits, data) {
            return octet
        }
        while !memory.isBroken {
            let known = symbols(least)
            repeat {
                orderFall += 1
                least = suffix(least)
                guard least != 0, !memory.isBroken else { return nil }
            } while symbols(least) == known
            switch decodeRest(known, &bits, data) {
            case .octet(let octet): return octet
            case .damaged: return nil
            case .escape: break
            }
        }
        return nil
    }

    private enum Step {
        case octet(Int)
        case escape
        case damaged
    }

    private mutating func decodeFirst(_ bits: inout RarBits, _ data: Span<UInt8>) -> Step {
        let total = sum(least)
        guard let count = coder.count(of: total) else { return .damaged }
        var symbol = list(least)
        var high = 0
        for index in 0..<symbols(least) {
            let own = frequency(symbol)
            high += own
            if high > count {
                coder.take(high - own, own, &bits, data)
                found = symbol
                let octet = memory.byte(symbol)
                if index == 0 {
                    previousSuccess = 2 * own > total ? 1 : 0
                    runLength += previousSuccess
                }
                addSum(least, 4)
                memory.setByte(found + 1, own + 4)
                if index > 0, own + 4 > frequency(found - Self.symbolSize) {
                    swap(found, found - Self.symbolSize)
                    found -= Self.symbolSize
                    if own + 4 > Self.mostFrequency { rescale() }
                } else if index == 0, own + 4 > Self.mostFrequency {
                    rescale()
                }
                goOn()
                return .octet(octet)
            }
            if index == 0 { previousSuccess = 0 }
            masked[memory.byte(symbol)] = true
            symbol += Self.symbolSize
        }
        guard count < total else { return .damaged }
        highBits = memory.byte(found) >= 0x40 ? 8 : 0
        coder.take(high, total - high, &bits, data)
        return .escape
    }

    /// The octet of a context that has one only; nil for an escape.
    private mutating func decodeOnly(_ bits: inout RarBits, _ data: Span<UInt8>) -> Int? {
        let symbol = Self.only(least)
        let octet = memory.byte(symbol)
        highBits = memory.byte(found) >= 0x40 ? 8 : 0
        let shorter = symbols(suffix(least)) - 1
        let group = shorter == 0 ? 0 : shorter == 1 ? 2 : shorter < 11 ? 4 : 6
        let column = previousSuccess + group + highBits + (octet >= 0x40 ? 16 : 0) + (runLength < 0 ? 32 : 0)
        let row = min(max(frequency(symbol) - 1, 0), 127) * 64 + column
        let chance = binary[row]
        let mean = (chance + 1 << (Self.period - 2)) >> Self.period
        if coder.isBelow(chance, of: 1 << 14, &bits, data) {
            binary[row] = chance + 1 << Self.period - mean
            found = symbol
            let own = frequency(symbol)
            memory.setByte(symbol + 1, own + (own < 128 ? 1 : 0))
            previousSuccess = 1
            runLength += 1
            goOn()
            return octet
        }
        binary[row] = chance - mean
        firstEscape = Self.escapes[min(max(binary[row] >> 10, 0), 15)]
        masked[octet] = true
        previousSuccess = 0
        return nil
    }

    /// Decodes among the symbols of a context that are in none of the longer ones.
    private mutating func decodeRest(_ known: Int, _ bits: inout RarBits, _ data: Span<UInt8>) -> Step {
        let count = symbols(least)
        var candidates: [Int] = []
        var high = 0
        var symbol = list(least)
        for _ in 0..<count {
            if !masked[memory.byte(symbol)] {
                candidates.append(symbol)
                high += frequency(symbol)
            }
            symbol += Self.symbolSize
        }
        let left = count - known
        guard left > 0, left <= 256, !memory.isBroken else { return .damaged }
        var row: Int?
        var escape = 1
        if count != 256 {
            let index =
                escapeOfCount[left - 1] * 16 + (left < symbols(suffix(least)) - count ? 1 : 0)
                + (sum(least) < 11 * count ? 2 : 0) + (known > left ? 4 : 0) + highBits
            guard escapes.indices.contains(index) else { return .damaged }
            let part = escapes[index].sum >> escapes[index].shift
            escapes[index].sum = (escapes[index].sum - part) & 0xFFFF
            escape = max(part, 1)
            row = index
        }
        let total = high + escape
        guard let place = coder.count(of: total) else { return .damaged }
        if place < high {
            var reached = 0
            for candidate in candidates {
                let own = frequency(candidate)
                reached += own
                guard reached > place else { continue }
                coder.take(reached - own, own, &bits, data)
                if let row, escapes[row].shift < Self.period {
                    escapes[row].count -= 1
                    if escapes[row].count == 0 {
                        escapes[row].sum = escapes[row].sum << 1 & 0xFFFF
                        escapes[row].count = 3 << escapes[row].shift
                        escapes[row].shift += 1
                    }
                }
                found = candidate
                let octet = memory.byte(candidate)
                addSum(least, 4)
                memory.setByte(found + 1, own + 4)
                if own + 4 > Self.mostFrequency { rescale() }
                runLength = firstRunLength
                update()
                return .octet(octet)
            }
        }
        guard place < total else { return .damaged }
        coder.take(high, escape, &bits, data)
        if let row { escapes[row].sum = (escapes[row].sum + total) & 0xFFFF }
        for candidate in candidates { masked[memory.byte(candidate)] = true }
        return .escape
    }
}
