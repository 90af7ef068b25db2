//! Bytes that nobody meant, the same at every run.

/// A source of numbers that look random (SplitMix64): the check needs no good ones, only the same again.
pub(super) struct Noise(u64);

impl Noise {
    pub(super) fn new(seed: u64) -> Noise {
        Noise(seed)
    }

    /// Up to 100 bytes, half of them such as the document has.
    pub(super) fn bytes(&mut self, document: &[u8]) -> Vec<u8> {
        let length = self.below(100);
        (0..length).map(|_| self.byte(document)).collect()
    }

    /// A document with one to four faults.
    pub(super) fn spoilt(&mut self, document: &[u8]) -> Vec<u8> {
        let mut spoilt = document.to_vec();
        for _ in 0..=self.below(4) {
            self.spoil(&mut spoilt, document);
        }
        spoilt
    }

    /// Overwrites, inserts, removes or repeats something.
    fn spoil(&mut self, spoilt: &mut Vec<u8>, document: &[u8]) {
        let start = self.below(spoilt.len() + 1);
        let end = (start + self.below(20)).min(spoilt.len());
        match self.below(4) {
            0 if start < spoilt.len() => spoilt[start] = self.byte(document),
            1 => drop(spoilt.drain(start..end)),
            2 => {
                let again = spoilt[start..end].to_vec();
                spoilt.splice(end..end, again);
            }
            _ => spoilt.insert(start, self.byte(document)),
        }
    }

    fn byte(&mut self, document: &[u8]) -> u8 {
        if document.is_empty() || self.below(2) == 0 {
            return self.next().to_le_bytes()[0];
        }
        document[self.below(document.len())]
    }

    /// A number from 0 to just below the limit, which is not 0.
    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).expect("it is below a usize")
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
