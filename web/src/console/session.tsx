import { createContext, type ReactNode, useContext } from 'react'
import type { Me } from '~/api'

const MeContext = createContext<Me | null>(null)

export function MeProvider({ me, children }: { me: Me; children: ReactNode }) {
  return <MeContext value={me}>{children}</MeContext>
}

/** Who is signed in here. */
export function useMe(): Me {
  const me = useContext(MeContext)
  if (!me) throw new Error('useMe outside of MeProvider')
  return me
}

/** Whether this person's role grants an act. Only for what the page offers: the server decides. */
export function may(me: Me, act: string): boolean {
  return me.acts?.includes(act) ?? false
}

/** Whether somebody may erase a contact: the built-in role alone, whatever else a role grants. */
export function mayErase(me: Me): boolean {
  return may(me, 'archive.erase') && me.role === 'Administrator'
}

export const pages = {
  staff: 'staff.view',
  sites: 'site.view',
  workspace: 'workspace.edit',
  storage: 'storage.view',
  security: 'security.view',
  encryption: 'keys.view',
  checklist: 'security.view',
  audit: 'audit.view',
  erasure: 'archive.view',
} as const

export type AdminPage = keyof typeof pages

/** The pages of Administration that this person can use. Reading colleagues' names alone does not make one of it. */
export function adminPages(me: Me): AdminPage[] {
  const open = (Object.keys(pages) as AdminPage[]).filter((page) => may(me, pages[page]))
  return open.length === 1 && open[0] === 'staff' && !may(me, 'staff.invite') ? [] : open
}

let going = false
let began = false
let wanted = false

/** Says that a session stood in this tab: from now on its loss is news. */
export function begin(): void {
  began = true
}

/** Says whether the end of the session, when it comes, is what the person asked for. */
export function expectEnd(expected: boolean): void {
  wanted = expected
}

/**
 * Wipes what this tab keeps and shows the door. Drafts and unsent posts are a person's, not the browser's. Who was put
 * out is told so there, and comes back to the same page; who signed out in this tab knows.
 */
export function leave(): void {
  if (going) return // the answer, the socket and the lists may all say so at once
  going = true
  sessionStorage.clear()
  const here = location.pathname + location.search
  const say: string[] = []
  if (!wanted && began) say.push('ended=1')
  if (!wanted && here !== '/' && here !== '/inbox') say.push(`next=${encodeURIComponent(here)}`)
  location.replace(say.length > 0 ? `/signin?${say.join('&')}` : '/signin')
}
