/**
 * The parts of the ZIP format (PKWARE's APPNOTE.TXT, 6.3.10) that the writer and the reader share: signatures,
 * sizes of the fixed parts, and the numbers that say "look into the ZIP64 fields".
 */
export const signatures = {
  localHeader: 0x04034b50,
  centralHeader: 0x02014b50,
  end: 0x06054b50,
  end64: 0x06064b50,
  end64Locator: 0x07064b50,
} as const;

export const sizes = { localHeader: 30, centralHeader: 46, end: 22, end64: 56, end64Locator: 20 } as const;

/** The id of the extra field with 64-bit numbers. */
export const zip64Extra = 0x0001;
export const max16 = 0xffff;
export const max32 = 0xffffffff;

export const stored = 0;
export const deflated = 8;

/** Bit 0 of the flags. */
export const encryptedFlag = 1;
/** Bit 11 of the flags: names are UTF-8. */
export const utf8Flag = 1 << 11;
