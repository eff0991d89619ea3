-- Run once, when there is no database yet. No superuser: row policies do not hold those.
CREATE ROLE hyperion LOGIN;
CREATE DATABASE hyperion OWNER hyperion ENCODING 'UTF8' TEMPLATE template0;
