/** Words of the frame around every page. */

import { words } from '#parts/words.ts'

export const shellTexts = words({
  skip: ['Skip to the content', '跳到内容'],
  menu: ['Menu', '菜单'],
  search: ['Search or jump to…', '搜索或跳转…'],
  preferences: ['Language and theme', '语言与主题'],
  language: ['Language', '语言'],
  theme: ['Theme', '主题'],
  system: ['As the system', '跟随系统'],
  light: ['Light', '浅色'],
  dark: ['Dark', '深色'],
  account: ['Signed in', '当前登录'],
  adminKey: ['Admin key', '管理密钥'],
  security: ['Security…', '安全…'],
  settings: ['Settings, another organisation…', '设置、新建组织…'],
  out: ['Sign out', '退出登录'],
  zone: ['Times in {zone}', '时间均为 {zone}'],
  currency: ['Amounts in USD', '金额以美元计'],
})

export const paletteTexts = words({
  title: ['Commands', '命令'],
  search: ['Type a page, a command or a request id', '输入页面、命令或请求 ID'],
  light: ['Light theme', '浅色主题'],
  dark: ['Dark theme', '深色主题'],
  other: ['切换到中文', 'Switch to English'],
  request: ['Open request {id}', '打开请求 {id}'],
  none: ['Nothing is called that.', '没有匹配的命令。'],
  command: ['Command', '命令'],
})
