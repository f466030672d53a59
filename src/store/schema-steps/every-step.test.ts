import { DatabaseSync } from 'node:sqlite'
import { kyselyOn } from '#store/sqlite/dialect.ts'
import { everyStepContract } from './every-step.contract.ts'

everyStepContract({
  name: 'sqlite',
  dialect: 'sqlite',
  open: async (context) => {
    const database = new DatabaseSync(':memory:', { readBigInts: true, enableForeignKeyConstraints: true })
    context.after(() => database.close())
    return kyselyOn(database)
  },
})
