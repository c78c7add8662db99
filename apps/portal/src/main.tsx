// First: the secret of the link leaves the address before any other code runs.
import { linkToken } from './session/link';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import { createRoot } from 'react-dom/client';
import { PortalApp } from './portal-app';
import { enter } from './session/visits';

enter(linkToken);
createRoot(document.getElementById('root')!).render(<PortalApp />);
