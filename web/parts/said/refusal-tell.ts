/** Words for what the relay refuses, and what in them is English of a schema. Loaded when somebody who reads another language is refused. */

import type { Word } from '#parts/words.ts'
import { accessRefusalWords } from './access-refusal-words.ts'
import { dictionary } from './dictionary.ts'
import { faultInChinese } from './fault-words.ts'
import { moneyRefusalWords } from './money-refusal-words.ts'
import { objectRefusalWords } from './object-refusal-words.ts'
import { operatorRefusalWords } from './operator-refusal-words.ts'
import { teller } from './tell.ts'

export const refusalDictionary: Readonly<Record<string, Word>> = {
  ...accessRefusalWords,
  ...moneyRefusalWords,
  ...objectRefusalWords,
  ...operatorRefusalWords,
}

/** What each role may do: the relay gives it as one English text. */
const rolesInChinese =
  '所有者与管理员可执行全部操作，但只有所有者能新建所有者的密钥；财务管理账户、额度、付款与单据；开发者管理项目与模型密钥；查看者与审计员只读，审计员还可读操作记录；调用正文仅限所有者、管理员与开发者。'

/** Tells a refusal by its code. Why a migration is refused is said in the words that its plan and its checks have elsewhere. */
export const tellRefusal = teller(
  { ...dictionary, ...refusalDictionary },
  {
    roles: (text: string, { format }) => (format.language === 'en' ? text : rolesInChinese),
    fault: (text: string, { format }) =>
      format.language === 'en' ? text : (faultInChinese(text.replace(/\.$/, '')) ?? text),
  },
)
