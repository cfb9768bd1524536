"""What does this message mean, and how sure are we?"""
