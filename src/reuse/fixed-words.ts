/**
 * What of a question must be the same before an answer to another question is thought of: vectors of "17 x 23" and "17 x 24", of
 * "with" and "without", of "EUR to USD" and "USD to EUR" lie closer together than those of two ways to say the same.
 */

/** Words that turn a question around, or come in pairs of which each means the opposite of the other. */
const turningWords: ReadonlySet<string> = new Set(
  (
    "no not never none nor neither cannot without except unless only n't " +
    'more less fewer most least above below over under before after earlier later first last min max minimum maximum ' +
    'up down in out on off to from left right true false yes buy sell send receive add remove enable disable allow deny ' +
    'start stop open close increase decrease best worst better worse old new always today tomorrow yesterday now ' +
    'he she his her him i you my your we they our their all any some each every both either'
  ).split(' '),
)

/** The same of Chinese, which has no blanks between its words: negations, numerals, pairs. */
const turningSigns =
  /[不没無无非勿未别否莫零一二三四五六七八九十百千万萬亿億两前后後上下左右大小多少早晚先加减減增降买買卖賣开開关關进進出来去男女你我他她]/u

const pieces =
  /"[^"]{1,400}"|“[^”]{1,400}”|「[^」]{1,400}」|《[^》]{1,400}》|`[^`]{1,400}`|[\p{L}\p{N}_@#$%&~^|/\\.:'’-]+|[=<>≤≥≠+*×÷!]+/gu

/** Whether a word stands for one thing alone: it has digits, capitals within, signs of code or of an address. */
const isNaming = (word: string): boolean => /[\p{N}_@#$%&~^|/\\]|\p{L}[.:]\p{L}|\p{Ll}\p{Lu}|\p{Lu}\p{Lu}/u.test(word)

const isQuoted = (piece: string): boolean => /^["“「《`]/.test(piece)

/** The fixed words of a text, in their order. */
export const fixedWords = (text: string): readonly string[] => {
  const found: string[] = []
  let startsSentence = true
  for (const [piece] of text.matchAll(pieces)) {
    const word = piece.replace(/^[.:'’-]+|[.:'’-]+$/g, '')
    const plain = word.toLowerCase().replace(/’/g, "'")
    if (isQuoted(piece)) found.push(piece)
    else if (/^[=<>≤≥≠+*×÷!]/.test(piece)) found.push(piece)
    else if (/\p{Script=Han}/u.test(word)) found.push(...[...word].filter((sign) => turningSigns.test(sign)))
    else if (turningWords.has(plain)) found.push(plain)
    else if (/n't$/.test(plain)) found.push("n't")
    else if (isNaming(word) || (!startsSentence && /^\p{Lu}/u.test(word))) found.push(plain)
    startsSentence = /[.:]$/.test(piece)
  }
  return found
}
