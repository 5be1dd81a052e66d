import Members
import Testing

@testable import Unpacking

/// Files of COMPRESS whose header lies about the size: all is decoded.
@Suite struct SZDDTests {
    /// Content in literals.
    private func szdd(_ content: [UInt8], size: Int) -> [UInt8] {
        var out: [UInt8] = [0x53, 0x5A, 0x44, 0x44, 0x88, 0xF0, 0x27, 0x33, 0x41, 0] + octets(size, 4)
        for start in stride(from: 0, to: content.count, by: 8) {
            out += [0xFF] + content[start..<min(start + 8, content.count)]
        }
        return out
    }

    @Test func honestFile() {
        for padding in [0, 1, 16] {
            let result = Unpacked(szdd(eicar, size: eicar.count) + [UInt8](repeating: 0, count: padding))
            #expect(result.places(of: eicar) == ["1"])
            #expect(!result.isMarked && result.isComplete)
        }
    }

    @Test(arguments: 0..<68) func sizeThatIsTooSmall(_ size: Int) {
        let result = Unpacked(szdd(eicar, size: size))
        #expect(result.places(of: eicar) == ["1"])
        #expect(result.kinds == [.ambiguous] && !result.isComplete)
    }

    @Test(arguments: [1, 1 << 20, Int(UInt32.max) - 68]) func sizeThatIsTooLarge(_ excess: Int) {
        let result = Unpacked(szdd(eicar, size: eicar.count + excess))
        #expect(result.places(of: eicar) == ["1"])
        #expect(result.kinds == [.corrupt])
    }
}
