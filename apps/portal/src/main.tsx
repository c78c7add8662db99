import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import { createRoot } from 'react-dom/client';
import { PortalApp } from './portal-app';

createRoot(document.getElementById('root')!).render(<PortalApp />);
