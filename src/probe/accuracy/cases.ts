/** Hand-written turns for the comparison of tool use: some want a tool, some do not, some could go either way. */

import type { JsonObject } from '#base/json-type.ts'
import { functionTool } from '#probe/chat/ask.ts'

const text = (description: string): JsonObject => ({ type: 'string', description })

/** Tools of a travel desk. */
export const deskTools: readonly JsonObject[] = [
  functionTool('find_trains', 'Finds trains between two cities on a day.', {
    type: 'object',
    properties: { from: text('City.'), to: text('City.'), date: { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' } },
    required: ['from', 'to', 'date'],
  }),
  functionTool('book_table', 'Books a table.', {
    type: 'object',
    properties: {
      restaurant: text('Its name.'),
      people: { type: 'integer', minimum: 1, maximum: 20 },
      time: text('HH:MM.'),
    },
    required: ['restaurant', 'people', 'time'],
  }),
  functionTool('convert_money', 'Converts an amount between currencies at today’s rate.', {
    type: 'object',
    properties: {
      amount: { type: 'number' },
      from: { enum: ['USD', 'EUR', 'CNY', 'JPY'] },
      to: { enum: ['USD', 'EUR', 'CNY', 'JPY'] },
    },
    required: ['amount', 'from', 'to'],
  }),
  functionTool('note', 'Keeps a note for the traveller.', {
    type: 'object',
    properties: { text: text('What to keep.'), labels: { type: 'array', items: { type: 'string' }, maxItems: 5 } },
    required: ['text'],
  }),
  functionTool('weather', 'Gives the weather of a city.', {
    type: 'object',
    properties: { city: text('Its name.'), days: { type: 'integer', minimum: 1, maximum: 7 } },
    required: ['city'],
  }),
]

/** The questions, each asked by itself. */
export const deskQuestions: readonly string[] = [
  'Which trains go from Lyon to Milan on 2027-03-14?',
  'Book a table for four at Il Porto at 19:30.',
  'How much is 250 EUR in JPY?',
  'Keep in mind that I am allergic to nuts, with the label health.',
  'Will it rain in Porto over the next three days?',
  'What is the capital of Portugal?',
  'Thank you, that was all!',
  'Write a haiku about night trains.',
  'Translate "good morning" into Italian.',
  'Is a train greener than a plane? Two sentences.',
  'I would like to go to Milan some day.',
  'What tools do you have? Describe them in words, without using one.',
  'Find trains from Basel to Bern on 2027-01-02, and tell me the weather in Bern.',
  'Convert 99.5 USD to CNY, please.',
  'Is 20 EUR a usual tip in Rome?',
  'Book dinner for two.',
  'My hotel is called Faro. Note that.',
  'What is 12 times 12?',
  'Wie wird das Wetter in Wien?',
  '明天从北京到上海有哪些火车？今天是 2027-05-03。',
  'Remind me what currencies you can convert.',
  'How warm is it in Cairo right now?',
  'Explain what a sleeper train is.',
  'Book a table at Da Nino for 6 people at 20:00 and note that one of us is vegetarian.',
]
