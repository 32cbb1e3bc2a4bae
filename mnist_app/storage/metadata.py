"""What all tables of the store belong to."""

import sqlalchemy as sa

METADATA = sa.MetaData()
