import { graphemeLength, nickFault, safeJson, safeLines, safeText, skeletonOf } from '@auction/common/text'
import { describe, expect, it } from 'vitest'
import { fc } from '../support/chance.ts'

const ESC = '\u001b'
const BEL = '\u0007'

/** What no terminal or table may be given: controls, format and other invisible characters, private use, halves. */
const forbidden = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u
const tooManyMarks = /\p{M}{5}/u

/** Text as an attacker writes it: any code units, and pieces of escape sequences. */
const hostile = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 4 }) },
      fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
      fc.integer({ min: 0, max: 0x2ff }).map((unit) => String.fromCharCode(unit)),
      fc.constantFrom(
        ESC,
        `${ESC}[`,
        `${ESC}]`,
        `${ESC}P`,
        `${ESC}_`,
        `${ESC}^`,
        `${ESC}X`,
        `${ESC}\\`,
        BEL,
        '31m',
        ';',
      ),
      fc.constantFrom(
        '\u009b',
        '\u009d',
        '\u0090',
        '\u009c',
        '\u0301',
        '\u202e',
        '\u200d',
        '\n',
        '\r',
        '\t',
        ' ',
        'a',
        'e',
      ),
    ),
    { maxLength: 24 },
  )
  .map((pieces) => pieces.join(''))

describe('safeText', () => {
  it.each([
    ['plain text', 'Leica M3 (1954), boxed', 'Leica M3 (1954), boxed'],
    ['other scripts', '陳大文 zoë Ελένη дом שלום', '陳大文 zoë Ελένη дом שלום'],
    ['an emoji', 'sold 🎉', 'sold 🎉'],
    ['colour (CSI SGR)', `a${ESC}[31mred${ESC}[0mb`, 'aredb'],
    ['cursor movement and erasure (CSI)', `a${ESC}[2J${ESC}[H${ESC}[10;10Hb${ESC}[?25l`, 'ab'],
    ['CSI with intermediates', `a${ESC}[1 q${ESC}[!pb`, 'ab'],
    ['a CSI cut short', `a${ESC}[31`, 'a'],
    ['a CSI cut after the bracket', `a${ESC}[`, 'a'],
    ['an 8-bit CSI', 'a\u009b31mb', 'ab'],
    ['an 8-bit CSI cut short', 'a\u009b', 'a'],
    ['a link (OSC 8), ended by ST', `${ESC}]8;;https://evil.example${ESC}\\click${ESC}]8;;${ESC}\\`, 'click'],
    ['a link (OSC 8), ended by BEL', `${ESC}]8;;https://evil.example${BEL}click${ESC}]8;;${BEL}`, 'click'],
    ['a title (OSC 0)', `${ESC}]0;root#${BEL}a`, 'a'],
    ['the clipboard (OSC 52)', `a${ESC}]52;c;cm0gLXJm${BEL}b`, 'ab'],
    ['an OSC that never ends', `a${ESC}]0;everything after it`, 'a'],
    ['an 8-bit OSC, 8-bit ended', 'a\u009d0;title\u009cb', 'ab'],
    ['an 8-bit OSC that never ends', 'a\u009d0;title', 'a'],
    ['DCS', `a${ESC}P1$r0m${ESC}\\b`, 'ab'],
    ['DCS that never ends', `a${ESC}P1$r0m`, 'a'],
    ['8-bit DCS', 'a\u0090q\u009cb', 'ab'],
    ['APC', `a${ESC}_Gf=100;AAAA${ESC}\\b`, 'ab'],
    ['8-bit APC', 'a\u009fG\u009cb', 'ab'],
    ['PM', `a${ESC}^secret${ESC}\\b`, 'ab'],
    ['8-bit PM', 'a\u009esecret\u009cb', 'ab'],
    ['SOS', `a${ESC}Xsecret${ESC}\\b`, 'ab'],
    ['8-bit SOS', 'a\u0098secret\u009cb', 'ab'],
    ['SOS that never ends', `a${ESC}Xsecret`, 'a'],
    ['a reset (ESC c)', `a${ESC}cb`, 'ab'],
    ['a charset switch (ESC ( 0)', `a${ESC}(0b`, 'ab'],
    ['keypad and save (ESC =, ESC 7)', `a${ESC}=${ESC}7b`, 'ab'],
    ['an escape at the end', `a${ESC}`, 'a'],
    ['two escapes in a row, at the cost of a letter', `a${ESC}${ESC}[31mb`, 'a'],
    ['a sequence inside a sequence', `a${ESC}[3${ESC}[31m1mb`, 'ab'],
    ['a sequence put together by removal', `a${ESC}\u200b[31mb`, 'a[31mb'],
    ['C0 controls', 'a\u0000\u0007\u0008\u000b\u000c\u000e\u001fb', 'ab'],
    ['DEL and C1 controls', 'a\u007f\u0080\u0084\u008d\u009a\u009cb', 'ab'],
    ['line ends, tabs and runs of space', ' a\r\nb\rc\nd\te\u2028f\u2029g\u0085h \u00a0\u3000 i ', 'a b c d e f g h i'],
    [
      'bidi overrides, embeddings, isolates and marks',
      'a\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061cb',
      'ab',
    ],
    ['zero-width characters', 'a\u200b\u200c\u200d\u2060\ufeff\u180e\u034fb', 'ab'],
    ['soft hyphens and invisible operators', 'a\u00ad\u2061\u2062\u2063\u2064b', 'ab'],
    ['variation selectors', 'a\ufe00\ufe0f\u{e0100}\u{e01ef}b', 'ab'],
    ['what terminals draw beside the sign it belongs to', '\u{1f44d}\u{1f3fd} 1\u20e3', '\u{1f44d} 1'],
    ['tags', 'a\u{e0001}\u{e0068}\u{e0069}\u{e007f}b', 'ab'],
    ['fillers', 'a\u115f\u1160\u3164\uffa0\u2800\u17b4\u17b5b', 'ab'],
    ['interlinear marks and the object replacement', 'a\ufff9b\ufffac\ufffbd', 'abcd'],
    ['format characters of rare scripts', 'a\u0600\u06dd\u070f\u{110bd}\u{13430}\u{1bca0}\u{1d173}b', 'ab'],
    ['private use', 'a\ue000\uf8ff\u{f0000}\u{10fffd}b', 'ab'],
    ['unassigned code points and noncharacters', 'a\u0378\ufdd0\uffff\u{1ffff}b', 'ab'],
    ['lone surrogates', 'a\ud800b\udfffc', 'abc'],
    ['surrogates the wrong way round', 'a\ude00\ud83db', 'ab'],
    ['a flood of marks, leaving four', `e${'\u0335'.repeat(40)}x`, `e${'\u0335'.repeat(4)}x`],
    ['marks without a letter', '\u0301\u0301a', 'a'],
    ['marks that only spaces carried', ' \u0301 \u0302 a', 'a'],
    ['decomposed letters, composing them', 'zoe\u0308', 'zoë'],
    ['nothing but hazards', `${ESC}[31m\u200b\u202e`, ''],
  ])('makes %s harmless', (_, text, expected) => {
    expect(safeText(text)).toBe(expected)
  })

  it('never lets a forbidden character through, and changes nothing the second time', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const safe = safeText(text)
        expect(safe).not.toMatch(forbidden)
        expect(safe).not.toMatch(tooManyMarks)
        expect(safe).not.toMatch(/^[\s\p{M}]|\s$|\s\s/u)
        expect(safe.normalize('NFC')).toBe(safe)
        expect(safeText(safe)).toBe(safe)
      }),
      { numRuns: 5_000 },
    )
  })

  it('lets no single code point through that is forbidden', () => {
    const through: string[] = []
    for (let code = 0; code <= 0x10ffff; code++) {
      const safe = safeText(`a${String.fromCodePoint(code)}b`)
      if (forbidden.test(safe)) through.push(code.toString(16))
    }
    expect(through).toEqual([])
  })
})

describe('safeLines', () => {
  it.each([
    ['keeps lines, whatever ends them', 'a\r\nb\rc\nd\u2028e\u2029f\u0085g', 'a\nb\nc\nd\ne\nf\ng'],
    ['keeps spaces and makes tabs spaces', '  a\tb  ', '  a b  '],
    ['removes what never ends, lines and all', `a\nb${ESC}]0;title\nc`, 'a\nb'],
    ['removes marks that begin a line', 'a\n\u0301b', 'a\nb'],
  ])('%s', (_, text, expected) => {
    expect(safeLines(text)).toBe(expected)
  })

  it('lets through no forbidden character but the newline, and changes nothing the second time', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const safe = safeLines(text)
        expect(safe.replaceAll('\n', '')).not.toMatch(forbidden)
        expect(safe).not.toMatch(tooManyMarks)
        expect(safeLines(safe)).toBe(safe)
      }),
      { numRuns: 5_000 },
    )
  })
})

describe('safeJson', () => {
  const hazards = /[\p{Cc}\p{Zl}\p{Zp}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/u

  it.each([
    ['\u009b31m', '"\\u009b31m"'],
    [`${ESC}[31m`, '"\\u001b[31m"'],
    ['\u202e', '"\\u202e"'],
    ['\u200d', '"\\u200d"'],
    ['\u007f', '"\\u007f"'],
    ['\u{e0041}', '"\\udb40\\udc41"'],
    ['\ud800', '"\\ud800"'],
    ['zoë 陳 🎉', '"zoë 陳 🎉"'],
  ])('writes %j as %s', (value, json) => {
    expect(safeJson(value)).toBe(json)
  })

  it('escapes keys too, and indents', () => {
    expect(safeJson({ '\u202e': [1, null] }, 2)).toBe('{\n  "\\u202e": [\n    1,\n    null\n  ]\n}')
  })

  it('holds no hazard and reads back as the same value', () => {
    const values = fc.jsonValue({ stringUnit: 'binary' })
    fc.assert(
      fc.property(fc.oneof(values, hostile, fc.dictionary(hostile, hostile)), (value) => {
        const json = safeJson(value)
        expect(json).not.toMatch(hazards)
        expect(JSON.stringify(JSON.parse(json))).toBe(JSON.stringify(value))
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('graphemeLength', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['zoe\u0308', 3],
    ['👩‍👩‍👧', 1],
    ['🇭🇺', 1],
    ['각', 1],
    ['a\r\nb', 3],
  ])('counts %j as %i', (text, count) => {
    expect(graphemeLength(text)).toBe(count)
  })
})

describe('a nick', () => {
  it.each([
    'mila',
    'Zoë',
    'a1',
    '_x',
    'x.y-z_0',
    '陳大文',
    'ひろし',
    '김철수',
    'Ελένη',
    'Иван',
    'דנה',
    'मीरा',
    'x'.repeat(24),
    '42',
  ])('may be %s', (nick) => {
    expect(nickFault(nick)).toBeNull()
  })

  const shape = /^A nick has 2 to 24/
  it.each([
    ['empty', '', shape],
    ['one character', 'a', shape],
    ['25 characters', 'x'.repeat(25), shape],
    ['a dot first', '.mila', shape],
    ['a hyphen first', '-mila', shape],
    ['a space', 'mi la', shape],
    ['a line end', 'mila\n', shape],
    ['punctuation', 'mila!', shape],
    ['a slash', '../mila', shape],
    ['an emoji', 'mila🎉', shape],
    ['an escape', `mi${ESC}[31mla`, shape],
    ['a zero-width joiner', 'mi\u200dla', shape],
    ['a bidi override', 'mi\u202ela', shape],
    ['fillers that count as letters', '\u1160\u1160', shape],
    ['a filler beside letters', '김\u1160철', shape],
    ['a variation selector, which counts as a mark', 'mila\ufe0f', shape],
    ['a grapheme joiner, which counts as a mark', 'mi\u034fla', shape],
    ['a flood of marks', `e${'\u0335'.repeat(9)}x`, shape],
    ['a mark first', '\u0301mila', shape],
    ['a private letter', 'mila\ue000', shape],
    ['a lone surrogate', 'mila\ud800', shape],
    ['Latin and Cyrillic', 'milа', /one script/],
    ['Latin and Greek', 'milα', /one script/],
    ['Latin and Han', 'mila陳', /one script/],
    ['Cyrillic and Greek', 'Иванα', /one script/],
    ['Hangul and kana', '김ひ', /one script/],
  ])('is not %s', (_, nick, fault) => {
    expect(nickFault(nick)).toMatch(fault)
  })

  it.each([
    'house',
    'House',
    'HOUSE',
    'h0use',
    'hous3'.replace('3', 'е'),
    'you',
    'Y0U',
    'me',
    'rne',
    'world',
    'wor1d',
    'system',
    '5ystem',
    'server',
    'nobody',
  ])('is not %s, which is reserved or reads like it', (nick) => {
    expect(nickFault(nick)).not.toBeNull()
  })
})

describe('the skeleton of a nick', () => {
  it.each([
    ['case', 'Mila', 'mILA'],
    ['accents', 'zoë', 'zoe'],
    ['l, I, i and 1', 'lil1', 'IiIl'],
    ['o, O and 0', 'bob0', 'b0bO'],
    ['s and 5', 's5', '5s'],
    ['rn and m', 'mornrn', 'momm'],
    ['vv and w', 'vvin', 'win'],
    ['Cyrillic and Latin', 'сера', 'cepa'],
    ['Greek and Latin', 'νονο', 'vovo'],
    ['two Greek nu and w', 'νννν', 'ww'],
    ['Cyrillic г with п and m', 'гп', 'rn'],
    ['full width', 'ｍｉｌａ', 'mila'],
  ])('is the same across %s', (_, one, other) => {
    expect(skeletonOf(one)).toBe(skeletonOf(other))
  })

  it.each([
    ['mila', 'mira'],
    ['ann', 'anna'],
    ['陳大文', '陳大丈'],
    ['bob_1', 'bob-1'],
  ])('tells %s from %s', (one, other) => {
    expect(skeletonOf(one)).not.toBe(skeletonOf(other))
  })

  it('is its own skeleton', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 12 }), (nick) => {
        expect(skeletonOf(skeletonOf(nick))).toBe(skeletonOf(nick))
      }),
    )
  })
})
