package recordbatch

// Bitmaps are as in Arrow: the bit of row i is bit i%8 of byte i/8.

// bit returns bit i.
func bit(b []byte, i int) bool { return b[i>>3]>>(i&7)&1 != 0 }

// appendBit appends bit i to a bitmap of i bits. The bits after the last one are 0.
func appendBit(b []byte, i int, v bool) []byte {
	if i&7 == 0 {
		b = append(b, 0)
	}
	if v {
		b[i>>3] |= 1 << (i & 7)
	}
	return b
}

// truncateBits shortens a bitmap to n bits.
func truncateBits(b []byte, n int) []byte {
	b = b[:(n+7)>>3]
	if rest := n & 7; rest > 0 {
		b[len(b)-1] &= 1<<rest - 1
	}
	return b
}

// copyBits appends n bits of src, from bit start on, to an empty bitmap.
func copyBits(dst, src []byte, start, n int) []byte {
	if start&7 == 0 {
		dst = append(dst, src[start>>3:(start+n+7)>>3]...)
		return truncateBits(dst, n)
	}
	for i := range n {
		dst = appendBit(dst, i, bit(src, start+i))
	}
	return dst
}

// pad rounds n up to a multiple of 8, where the next buffer of a body begins.
func pad(n int) int { return (n + 7) &^ 7 }
