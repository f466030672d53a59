/** What the roles are called. */

import { words } from './words.ts'

export const roles = words({
  owner: ['Owner', '所有者'],
  admin: ['Admin', '管理员'],
  billing: ['Billing', '财务'],
  developer: ['Developer', '开发者'],
  viewer: ['Viewer', '查看者'],
  auditor: ['Auditor', '审计员'],
})
