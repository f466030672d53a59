import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fixedWords } from './fixed-words.ts'

const differ = (a: string, b: string): void => assert.notDeepEqual(fixedWords(a), fixedWords(b), `${a} / ${b}`)
const same = (a: string, b: string): void => assert.deepEqual(fixedWords(a), fixedWords(b), `${a} / ${b}`)

test('questions that vectors take for one, and answers do not', () => {
  differ('What is 17 x 23?', 'What is 17 x 24?')
  differ('May I take aspirin with wine?', 'May I not take aspirin with wine?')
  differ('How do I pay with a card?', "How don't I pay with a card?")
  differ('Convert EUR to USD please', 'Convert USD to EUR please')
  differ('What is the capital of France?', 'What is the capital of Germany?')
  differ('How does `map` work here?', 'How does `filter` work here?')
  differ('Is the train before noon?', 'Is the train after noon?')
  differ('Translate "good day" for me', 'Translate "good night" for me')
  differ('Is a <= b here?', 'Is a >= b here?')
  differ('Send it to ada@example.org soon', 'Send it to bob@example.org soon')
  differ('我可以退货吗', '我不可以退货吗')
  differ('三天内能退吗', '五天内能退吗')
  differ('Does he owe her money?', 'Does she owe him money?')
  differ('What does getUserName return?', 'What does setUserName return?')
})

test('two ways to say one thing have the same fixed words', () => {
  same('How can a customer return a broken product?', 'Please tell, what is the way of returning a broken product?')
  same('Which colours does the shop sell most?', 'which colours does the shop sell most')
  same('怎样退货', '如何退货')
})
