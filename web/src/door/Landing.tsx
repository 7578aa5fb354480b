import { IconCode, IconLock, IconChecks, IconListCheck } from '@tabler/icons-react'
import { Frame, Go, styles } from './parts'
import { words } from './words'

const icons = [IconLock, IconCode, IconListCheck]

/** The bare domain: what this is, and the two ways in. */
export function Landing() {
  const w = words.landing
  return (
    <Frame title={w.title} actions={<Go to="/signin" size="sm" plain>{w.signin}</Go>}>
      <div className={styles.landing}>
        <section className={styles.hero}>
          <div>
            <h1 className={styles.heroTitle}>{w.title}</h1>
            <p className={styles.heroLead}>{w.lead}</p>
            <div className={styles.buttons}>
              <Go to="/signup" size="lg">{w.signup}</Go>
              <Go to="/signin" size="lg" plain>{w.signin}</Go>
            </div>
          </div>
          <div className={styles.preview} aria-hidden>
            <div className={styles.bubble} data-ours>{w.visitor}</div>
            <div className={styles.small} data-ours><IconChecks size={16} /> {w.seen}</div>
            <div className={styles.small}>{w.staffName}</div>
            <div className={styles.bubble}>{w.staff}</div>
          </div>
        </section>
        <ul className={styles.points}>
          {w.points.map((p, i) => {
            const Icon = icons[i] ?? IconLock
            return (
              <li key={p.title} className={styles.point}>
                <div className={styles.pointIcon} aria-hidden><Icon size={20} /></div>
                <h2>{p.title}</h2>
                <p>{p.text}</p>
              </li>
            )
          })}
        </ul>
      </div>
    </Frame>
  )
}
