import { createRoot } from 'react-dom/client'
import { guardPage, Look, Page } from '~/look'

guardPage()
const root = document.getElementById('root')
if (root) createRoot(root).render(<Look><main><Page title="Inbox">{null}</Page></main></Look>)
