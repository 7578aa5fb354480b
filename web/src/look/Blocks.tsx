import { Alert, Button, Text } from '@mantine/core'
import { IconAlertTriangle, IconCircleCheck, IconInfoCircle } from '@tabler/icons-react'
import { type ReactNode, useId } from 'react'
import styles from './Blocks.module.css'
import { words } from './words'

export type Tone = 'plain' | 'good' | 'warn' | 'danger' | 'info'

/** A page's column: where one is, the one h1, a sentence, then the content. */
export function Page({ crumbs, title, lead, actions, wide, children }: {
  crumbs?: readonly string[]
  title: string
  lead?: ReactNode
  actions?: ReactNode
  /** For tables. */
  wide?: boolean
  children: ReactNode
}) {
  return (
    <div className={styles.page} data-wide={wide || undefined}>
      <header className={styles.head}>
        <div>
          {crumbs && <p className={styles.crumbs}>{crumbs.join(' / ')}</p>}
          <h1 className={styles.title} tabIndex={-1}>{title}</h1>
          {lead && <p className={styles.lead}>{lead}</p>}
        </div>
        {actions && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  )
}

/** One matter on a page: icon, name, status, a sentence on its effect, a control; more below when it matters. */
export function Card({ icon, title, tag, lead, control, children }: {
  icon?: ReactNode
  title?: string
  tag?: ReactNode
  lead?: ReactNode
  control?: ReactNode
  children?: ReactNode
}) {
  const name = useId()
  return (
    <section className={styles.card} aria-labelledby={title ? name : undefined}>
      {title && (
        <div className={styles.cardHead}>
          {icon && <div className={styles.icon} aria-hidden>{icon}</div>}
          <div className={styles.grow}>
            <h2 className={styles.cardTitle} id={name}>{title} {tag}</h2>
            {lead && <p className={styles.cardLead}>{lead}</p>}
          </div>
          {control}
        </div>
      )}
      {children && <div className={styles.cardBody} data-below={title ? true : undefined}>{children}</div>}
    </section>
  )
}

/** A name and its value, to be read. Stands inside Fields. */
export function Field({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={styles.field}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

export function Fields({ children }: { children: ReactNode }) {
  return <dl className={styles.fields}>{children}</dl>
}

export function Tag({ tone = 'plain', children }: { tone?: Tone; children: ReactNode }) {
  return <span className={styles.tag} data-tone={tone}>{children}</span>
}

/** A short notice in the page. A danger is announced at once. */
export function Notice({ tone = 'info', title, children, action }: {
  tone?: Tone
  title?: string
  children?: ReactNode
  action?: ReactNode
}) {
  const Icon = tone === 'good' ? IconCircleCheck : tone === 'warn' || tone === 'danger' ? IconAlertTriangle : IconInfoCircle
  return (
    <Alert
      classNames={{ root: styles.notice, title: styles.noticeTitle, icon: styles.noticeIcon, message: styles.noticeText }}
      data-tone={tone}
      icon={<Icon size={20} aria-hidden />}
      title={title}
      role={tone === 'danger' ? 'alert' : 'note'}
    >
      {children}
      {action && <div className={styles.noticeAction}>{action}</div>}
    </Alert>
  )
}

/** An empty place: one sentence and at most one action. Nothing yet, no match and no permission say different things. */
export function Empty({ icon, title, children, action }: {
  icon: ReactNode
  title: string
  children?: ReactNode
  action?: ReactNode
}) {
  return (
    <div className={styles.empty}>
      <div className={styles.emptyIcon} aria-hidden>{icon}</div>
      <p className={styles.emptyTitle}>{title}</p>
      {children && <Text c="dimmed" fz={14} maw={380}>{children}</Text>}
      {action}
    </div>
  )
}

/** What a list or page shows when its data could not be read. */
export function Failed({ text, again }: { text: string; again?: () => void }) {
  return (
    <Notice
      tone="danger"
      title={text}
      action={again && <Button variant="default" size="compact-sm" onClick={again}>{words.tryAgain}</Button>}
    />
  )
}

/** A letter or two on a colour that belongs to the person. The name stands beside it, so this is decoration. */
export function Face({ name, id, size = 38 }: { name: string; id: string; size?: number }) {
  return (
    <span className={styles.face} data-face={hue(id)} data-size={size > 44 ? 'l' : size < 32 ? 's' : 'm'} aria-hidden>
      {initials(name)}
    </span>
  )
}

export function initials(name: string): string {
  const parts = name.trim().split(/[\s@.]+/u).filter(Boolean)
  const first = Array.from(parts[0] ?? '?')[0] ?? '?'
  const last = parts.length > 1 ? (Array.from(parts[parts.length - 1] ?? '')[0] ?? '') : ''
  return (first + last).toLocaleUpperCase()
}

function hue(id: string): number {
  let sum = 0
  for (let i = 0; i < id.length; i++) sum = (sum * 31 + id.charCodeAt(i)) >>> 0
  return sum % 6
}

/** A key on the keyboard. */
export function Key({ children }: { children: string }) {
  return <kbd className={styles.key}>{children}</kbd>
}
